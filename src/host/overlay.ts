// Overlay file systems, as containers and appliances have them: a folder that their lower layer holds cannot be renamed
// (overlayfs documentation, "Renaming directories": EXDEV), which is found out without renaming it.
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, statfsSync } from "node:fs";
import { isErrno } from "../values/error.ts";
import { entryIn, type Folder, inParent, namesIn, openFolder, split } from "./folder.ts";

const OVERLAYFS_MAGIC = 0x794c7630;
const PROBE = ".holdfast-probe-";

/** Whether this is a folder that only a copy can be made of; false where that cannot be told. */
export function isPinned(path: string): boolean {
	try {
		return inParent(path, (parent, name) => isOnOverlay(parent) && isPinnedIn(parent, name));
	} catch {
		return false;
	}
}

/** The folders directly in this one of which that is true. */
export function pinnedIn(path: string): string[] {
	try {
		using folder = openFolder(path);
		return isOnOverlay(folder) ? [...namesIn(folder)].filter((name) => isPinnedIn(folder, name)) : [];
	} catch {
		return [];
	}
}

export const isOnOverlay = ({ self }: Folder) => statfsSync(self).type === OVERLAYFS_MAGIC;

/** A folder never takes the place of one that holds something; but of one that cannot be moved, that is said first. */
function isPinnedIn(parent: Folder, name: string): boolean {
	if (entryIn(parent, name)?.isDirectory() !== true) return false;
	const [, probe] = split(mkdtempSync(`${parent.self}/${PROBE}`));
	try {
		mkdirSync(`${parent.at(probe)}/full`);
		renameSync(parent.at(name), parent.at(probe));
		// Somebody emptied it in between.
		renameSync(parent.at(probe), parent.at(name));
		return false;
	} catch (error) {
		return isErrno(error, "EXDEV");
	} finally {
		for (const path of [`${parent.at(probe)}/full`, parent.at(probe)])
			try {
				rmdirSync(path);
			} catch {
				// It took the other's place, and is back.
			}
	}
}
