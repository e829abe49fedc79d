// Finds folders that some engines would store but that no restore could create, because their paths are too long.
import type { Enclosure } from "../host/enclosure.ts";
import { exec } from "../host/exec.ts";
import type { OutputReader } from "../host/lines.ts";
import type { Exclusion } from "../values/exclusion.ts";
import { leavesOut } from "../values/patterns.ts";
import type { CreateResult, Root } from "./destination.ts";
import { literally } from "./exclude.ts";

/**
 * Bytes of a folder's path. The system's limit is 4,095; a restore prepends the path of a private folder, and the folder's
 * entries have names of up to 255 bytes.
 */
const LONGEST = 3_300;
/** Nested folders: the innermost of more than these has a longer path in any case. */
const DEEPEST = LONGEST / 2;
/** Bytes of a name. */
const LONGEST_NAME = 255;
/** Characters of a long path that a message shows. */
const SHOWN = 200;

/** The first such folder below a root that is not excluded, if there is one. `enclosure`: where the roots are looked at. */
export async function tooLongIn(
	roots: readonly Root[],
	signal: AbortSignal,
	enclosure?: Enclosure | undefined,
): Promise<CreateResult["unreadable"][number] | undefined> {
	for (const { path, exclude } of roots) {
		let found: string | undefined;
		const reader = pathReader((beginning) => {
			if (leavesOut(exclude, namesBelow(path, beginning))) return;
			found = beginning;
			throw new RangeError("one is enough");
		});
		// An excluded folder may be the mount of a server that does not answer: find(1) must not enter those given by path.
		const words = prunesOf({ path, exclude });
		const find = ["find", path, "-maxdepth", String(DEEPEST), ...words, "-type", "d", "-print0"];
		await exec(find, { signal, reader, enclosure }).catch((error: unknown) => {
			if (found === undefined) throw error;
		});
		if (found !== undefined)
			return {
				path,
				reason: `it contains a folder whose path is longer than ${LONGEST} bytes, which is too long to restore: ${found.slice(0, SHOWN)}…`,
			};
	}
	return undefined;
}

/** Arguments that keep find(1) out of what is excluded by path. */
export const prunesOf = ({ path, exclude }: Root): string[] =>
	exclude
		.flatMap((one) => literalOf(one) ?? [])
		.flatMap((below) => ["-path", literally(`${path}/${below}`), "-prune", "-o"]);

function literalOf(exclusion: Exclusion): string | undefined {
	const names = exclusion.map((part) =>
		part !== "**" && part.every((token) => typeof token === "string") ? part.join("") : undefined,
	);
	return names.length === 0 || names.includes(undefined) ? undefined : names.join("/");
}

/** Without the last name, which may be cut off. */
const namesBelow = (root: string, beginning: string) =>
	beginning
		.slice(root.length + 1)
		.split("/")
		.slice(0, -1);

/** Reads paths that end with a NUL. Tells the beginning of each that is too long: as far as the limit, and one name more. */
function pathReader(tell: (beginning: string) => void): OutputReader {
	const most = LONGEST + LONGEST_NAME + 1;
	const held = Buffer.alloc(most);
	let length = 0;
	return {
		push(chunk) {
			for (let at = 0; at < chunk.length; ) {
				const nul = chunk.indexOf(0, at);
				const end = nul < 0 ? chunk.length : nul;
				if (length < most) chunk.copy(held, length, at, Math.min(end, at + most - length));
				length += end - at;
				if (nul >= 0) {
					if (length > most) tell(held.toString("utf8"));
					else if (length > LONGEST) tell(`${held.toString("utf8", 0, length)}/`);
					length = 0;
				}
				at = end + 1;
			}
		},
	};
}
