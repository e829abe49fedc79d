// What stands at a live place, and in the private folder beside it. All of it is looked at in open folders: somebody else may
// own the one that the live data are in.
import { randomBytes } from "node:crypto";
import { removeIn } from "../../host/files.ts";
import { entryIn, type Folder, inParent, isAbsent, namesIn, openFolder } from "../../host/folder.ts";
import { requireNoMountIn } from "../../host/mounts.ts";
import { inArea, openArea, stays } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Place } from "../fields.ts";

/** Delete what stands at a place; of one that stays, what is in it, but for private folders. */
export async function clear({ live, mode }: Place): Promise<void> {
	if (!isThere(live)) return;
	if (mode === "rename") return inParent(live, removeIn);
	using home = openFolder(live);
	for (const name of movable(home)) await removeIn(home, name);
}

/** Whether anything stands at a live place; a link counts, wherever it leads. */
export function isThere(live: string): boolean {
	try {
		return inParent(live, entryIn) !== undefined;
	} catch (error) {
		if (isAbsent(error)) return false;
		throw error;
	}
}

/** Whether something is at a path in a private folder. */
export function isStaged(path: string): boolean {
	try {
		return inArea(path, entryIn) !== undefined;
	} catch {
		return false;
	}
}

export const movable = (folder: Folder): string[] =>
	[...namesIn(folder)].filter((name) => !stays(folder, name));

/** A file system that was mounted in it meanwhile would move along. */
export function requireStill({ live, mode }: Place): void {
	requireNoMountIn(live, `moving ${live}`, mode === "entries" ? "may be one" : "too");
}

/** Without it nothing can be told from what is on disk: its filesystem is not mounted, or somebody deleted it. */
export function requireArea({ area, live }: Place): void {
	using found = openArea(area);
	if (found !== undefined) return;
	throw new HoldfastError(
		"area-missing",
		`the private folder ${area} is not there, so ${live} cannot be put back`,
		{
			hint: "is its filesystem mounted? Mount it, then: holdfast recover",
		},
	);
}

/** Bytes of a name. */
const LONGEST_NAME = 255;

/** Whoever made what is to have this name may have seen to it that it is too long, or taken. */
export function freeName(home: Folder, wanted: string, run: string): string {
	const isFree = Buffer.byteLength(wanted) <= LONGEST_NAME && !entryIn(home, wanted);
	return isFree ? wanted : `found-${randomBytes(6).toString("hex")}-${run}`;
}
