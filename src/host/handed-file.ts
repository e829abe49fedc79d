// Passes one of our files to a program that runs as an unprivileged user, as an open descriptor: the program gets no
// access to the folders that contain it.
import { constants } from "node:fs";
import { copyFile, type FileHandle, open } from "node:fs/promises";
import { HoldfastError } from "../values/error.ts";

/**
 * Open a file for reading so that any user can open its descriptor again (`/dev/fd/N`). `path` must be in a folder that only
 * we can reach. A file with further hard links is copied to `path.copy`, so that their mode does not change. The caller
 * closes it.
 */
export async function openForAnyone(path: string): Promise<FileHandle> {
	const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
	let handle = await open(path, flags);
	try {
		const found = await handle.stat();
		if (!found.isFile())
			throw new HoldfastError("archive-damaged", `${path} is not a regular file`, {
				hint: "the archive is damaged or was modified",
			});
		if (found.nlink > 1) {
			const copy = `${path}.copy`;
			await copyFile(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
			const first = handle;
			handle = await open(copy, flags);
			await first.close();
		}
		await handle.chmod(0o444);
		return handle;
	} catch (error) {
		await handle.close();
		throw error;
	}
}
