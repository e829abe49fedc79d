// Where a restore writes. An archive may contain links and paths that lead out of the folder, so an engine's programs run in
// an enclosure, where no link is followed.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Closed, closeOffForAll, type Enclosure } from "../host/enclosure.ts";
import type { Folder } from "../host/folder.ts";
import { places } from "../host/places.ts";

export interface Into {
	/** A folder that only this process can enter. Use descriptors below it and follow no link. */
	readonly folder: Folder;
	/**
	 * If present, an engine that writes a whole file itself adds the SHA-256, in hex, of what it wrote, by the file's path in the
	 * archive: nobody has to read a large file again for it.
	 */
	readonly digests?: Map<string, string>;
	/** For programs that write to it. `reading`: folders that they read; links in them are not followed either. */
	enter(reading?: readonly string[]): Promise<Inside>;
}

export interface Inside extends AsyncDisposable {
	/** The folder's path as the programs see it. */
	readonly path: string;
	readonly enclosure: Enclosure | undefined;
}

/**
 * `log` gets a line if links cannot be disabled. `within`: folders to use in place of existing ones in it, by their path
 * below it.
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
				// At most one open folder: a folder with others inside it is in a private place anyway.
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
