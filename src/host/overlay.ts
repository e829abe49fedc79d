// Overlay file systems, as used by containers and appliances. A folder from the lower layer cannot be renamed (overlayfs
// documentation, "Renaming directories": EXDEV). This is detected without renaming the folder.
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, statfsSync } from "node:fs";
import { isErrno } from "../values/error.ts";
import { entryIn, type Folder, inParent, namesIn, openFolder, split } from "./folder.ts";

const OVERLAYFS_MAGIC = 0x794c7630;
const PROBE = ".holdfast-probe-";

/** Whether this folder cannot be renamed, only copied; false if that cannot be determined. */
export function isPinned(path: string): boolean {
	try {
		return inParent(path, (parent, name) => isOnOverlay(parent) && isPinnedIn(parent, name));
	} catch {
		return false;
	}
}

/** The folders directly in this one that cannot be renamed. */
export function pinnedIn(path: string): string[] {
	try {
		using folder = openFolder(path);
		return isOnOverlay(folder) ? [...namesIn(folder)].filter((name) => isPinnedIn(folder, name)) : [];
	} catch {
		return [];
	}
}

export const isOnOverlay = ({ self }: Folder) => statfsSync(self).type === OVERLAYFS_MAGIC;

/** Renaming a folder onto one that is not empty always fails; for a folder that cannot be moved, the error is EXDEV. */
function isPinnedIn(parent: Folder, name: string): boolean {
	if (entryIn(parent, name)?.isDirectory() !== true) return false;
	const [, probe] = split(mkdtempSync(`${parent.self}/${PROBE}`));
	try {
		mkdirSync(`${parent.at(probe)}/full`);
		renameSync(parent.at(name), parent.at(probe));
		// The probe was emptied meanwhile, so the rename succeeded: undo it.
		renameSync(parent.at(probe), parent.at(name));
		return false;
	} catch (error) {
		return isErrno(error, "EXDEV");
	} finally {
		for (const path of [`${parent.at(probe)}/full`, parent.at(probe)])
			try {
				rmdirSync(path);
			} catch {
				// It is already gone.
			}
	}
}
