// What exists at a live place, and in the private folder next to it. Everything is accessed through open folders, because
// somebody else may own the folder that holds the live data.
import { randomBytes } from "node:crypto";
import { removeIn } from "../../host/files.ts";
import { entryIn, type Folder, inParent, isAbsent, namesIn, openFolder } from "../../host/folder.ts";
import { requireNoMountIn } from "../../host/mounts.ts";
import { inArea, isLeftInPlace, openArea } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Place } from "../fields.ts";

/** Delete what is at a place; if the place itself is kept, delete its entries except for private folders. */
export async function clear({ live, mode }: Place): Promise<void> {
	if (!isThere(live)) return;
	if (mode === "rename") return inParent(live, removeIn);
	using home = openFolder(live);
	for (const name of movable(home)) await removeIn(home, name);
}

/** Whether anything exists at a live place; a link counts, whatever its target. */
export function isThere(live: string): boolean {
	try {
		return inParent(live, entryIn) !== undefined;
	} catch (error) {
		if (isAbsent(error)) return false;
		throw error;
	}
}

/** Whether something exists at a path in a private folder. */
export function isStaged(path: string): boolean {
	try {
		return inArea(path, entryIn) !== undefined;
	} catch {
		return false;
	}
}

export const movable = (folder: Folder): string[] =>
	[...namesIn(folder)].filter((name) => !isLeftInPlace(folder, name));

/** A file system that was mounted in it meanwhile would be moved along. */
export function requireStill({ live, mode }: Place): void {
	requireNoMountIn(live, `moving ${live}`, mode === "entries" ? "may be one" : "too");
}

/** Without the private folder the disk cannot tell what was done: its filesystem is not mounted, or somebody deleted it. */
export function requireArea({ area, live }: Place): void {
	using found = openArea(area);
	if (found !== undefined) return;
	throw new HoldfastError(
		"area-missing",
		`the private folder ${area} is missing, so ${live} cannot be put back`,
		{ subject: area, hint: "if its file system is not mounted, mount it, then: holdfast recover" },
	);
}

/** Maximum bytes of a file name. */
const LONGEST_NAME = 255;

/** The owner of the entry may have chosen its name so that the derived one is too long, or already taken. */
export function freeName(home: Folder, wanted: string, run: string): string {
	const isFree = Buffer.byteLength(wanted) <= LONGEST_NAME && !entryIn(home, wanted);
	return isFree ? wanted : `found-${randomBytes(6).toString("hex")}-${run}`;
}
