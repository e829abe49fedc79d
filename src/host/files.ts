// Files and folders with the care that a power cut asks for: what is renamed is synced first, and its folder after.
import { close, constants, fsync, open } from "node:fs";
import { lstat, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { isErrno } from "../manifest/error.ts";

/** Whether anything is at this path; a symlink counts, wherever it points. */
export async function exists(path: string): Promise<boolean> {
	try {
		await lstat(path);
		return true;
	} catch (error) {
		if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return false;
		throw error;
	}
}

/** Make a file's content, or a folder's list of names, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
	const handle = await promisify(open)(path, constants.O_RDONLY | constants.O_NOFOLLOW);
	try {
		await promisify(fsync)(handle);
	} finally {
		await promisify(close)(handle);
	}
}

/** Sync the whole filesystem that a path is on: for a tree of many files, far cheaper than one by one. */
export async function syncFilesystem(path: string): Promise<void> {
	const { execOk } = await import("./exec.ts");
	await execOk(["sync", "-f", path], { doing: `sync ${path}` });
}

/** Delete a folder and what is in it, but nothing of another filesystem that is mounted below it. */
export async function removeTree(path: string): Promise<void> {
	const { execOk } = await import("./exec.ts");
	await execOk(["rm", "-rf", "--one-file-system", "--", path], { doing: `delete ${path}` });
}

/** A folder that only we can read, with its parents; the topmost folder that had to be made, or undefined. */
export async function privateFolder(path: string): Promise<string | undefined> {
	return mkdir(path, { recursive: true, mode: 0o700 });
}

/** A new private folder below this one. */
export async function scratchFolder(below: string): Promise<string> {
	await privateFolder(below);
	return mkdtemp(join(below, "scratch-"));
}

/** Write a file that only we can read, synced, with its folder. */
export async function writeSynced(path: string, content: string): Promise<void> {
	await writeFile(path, content, { mode: 0o600, flush: true });
	await syncPath(dirname(path));
}
