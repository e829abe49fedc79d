// Have an engine write into a folder, and when it fails for want of space there, say so: an engine knows only that a write
// failed, and what it says of a full disk is about its repository.
import { statfs } from "node:fs/promises";
import { type Destination, requireAble, type Work } from "../../engines/destination.ts";
import { TargetFull } from "../../engines/disk-error.ts";
import type { Into } from "../../engines/into.ts";
import type { Folder } from "../../host/folder.ts";
import { HoldfastError } from "../../values/error.ts";

/** What is left when the next file cannot be written: less than this, in bytes. */
const NO_SPACE = 512 * 1024;

/** `path`: how people call the folder. Throws `disk-full` when its file system has no space left. */
export async function restoreInto(
	destination: Destination,
	{ archive, paths }: { readonly archive: string; readonly paths: readonly string[] },
	target: Into,
	{ folder, path }: { readonly folder: Folder; readonly path: string },
	work: Work,
): Promise<void> {
	requireAble(destination, "restore");
	try {
		await destination.restore(archive, paths, target, work);
	} catch (error) {
		if (work.signal.aborted || !(error instanceof TargetFull || (await isFull(folder)))) throw error;
		throw new HoldfastError("disk-full", `no space left in ${path} to restore ${archive}`, {
			subject: path,
			cause: error,
			details: error instanceof Error ? [error.message] : [],
			hint: `nothing live was changed; free some space (df -h ${path}), or restore to another disk with --into, then try again`,
		});
	}
}

async function isFull({ self }: Folder): Promise<boolean> {
	const { bavail, bsize, files, ffree } = await statfs(self);
	return bavail * bsize < NO_SPACE || (files > 0 && ffree === 0);
}
