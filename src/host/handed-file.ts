// A file of ours that a program which runs as nobody is handed, open: the folders that lead to it stay closed to it.
import { constants } from "node:fs";
import { copyFile, type FileHandle, open } from "node:fs/promises";
import { HoldfastError } from "../values/error.ts";

/**
 * Open for reading, and by its descriptor for anyone (`/dev/fd/N` opens it once more). `path` is in a folder that only we can
 * reach. A file that has another name as well gets a copy, `path.copy`: nobody else's mode is changed. The caller closes it.
 */
export async function openForAnyone(path: string): Promise<FileHandle> {
	const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
	let handle = await open(path, flags);
	try {
		const found = await handle.stat();
		if (!found.isFile())
			throw new HoldfastError("archive-damaged", `${path} is not a regular file`, {
				hint: "somebody changed the archive, or it is damaged",
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
