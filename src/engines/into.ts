// Where a restore writes. Archives come from elsewhere, and may hold links and paths that lead out of the folder: the
// programs of an engine see it in an enclosure, where nothing follows a link.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Closed, closeOffForAll, type Enclosure } from "../host/enclosure.ts";
import type { Folder } from "../host/folder.ts";
import { places } from "../host/places.ts";

export interface Into {
	/** A folder that only we can enter, for what this process does itself: through descriptors, following no link. */
	readonly folder: Folder;
	/** For programs that write to it; `reading` are folders that they read, which follow no link there either. */
	enter(reading?: readonly string[]): Promise<Inside>;
}

export interface Inside extends AsyncDisposable {
	/** Where the folder is for them. */
	readonly path: string;
	readonly enclosure: Enclosure | undefined;
}

/**
 * `log` is told where links are followed anyway. `within`: folders that stand in for ones in it, by their paths
 * below it; those are there.
 */
export function into(
	folder: Folder,
	log: (line: string) => void,
	within: Readonly<Record<string, Folder>> = {},
): Into {
	return {
		folder,
		async enter(reading = []) {
			const at = join(places().runtime, "into");
			mkdirSync(at, { recursive: true, mode: 0o700 });
			const others = Object.entries(within);
			const closed: Closed[] = [
				// One open folder at most; what has others in it is in a place of our own.
				{ folder: others.length === 0 ? folder : folder.path, at },
				...others.map(([below, one]) => ({ folder: one, at: at + below })),
				...reading.map((path) => ({ folder: path })),
			];
			const enclosure = await closeOffForAll(closed, log);
			return {
				path: enclosure === undefined ? folder.path : at,
				enclosure,
				[Symbol.asyncDispose]: async () => enclosure?.[Symbol.asyncDispose](),
			};
		},
	};
}
