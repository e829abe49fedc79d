// File operations that are safe against power loss: a file is synced before it is renamed, and its folder afterwards.
import { randomBytes } from "node:crypto";
import {
	chmodSync,
	close,
	closeSync,
	constants,
	fchmodSync,
	fsync,
	fsyncSync,
	open,
	openSync,
	readlinkSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { lstat, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { isErrno } from "../values/error.ts";
import { enter, entryIn, type Folder, split, syncFolder } from "./folder.ts";
import { requireNoMountIn } from "./mounts.ts";
import { bytesOf } from "./names.ts";
import { makeFolder } from "./trust.ts";

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

/** Sync a file's content, or a folder's list of names, to disk. */
export async function syncPath(path: string): Promise<void> {
	const handle = await promisify(open)(path, constants.O_RDONLY | constants.O_NOFOLLOW);
	try {
		await promisify(fsync)(handle);
	} finally {
		await promisify(close)(handle);
	}
}

/**
 * Write a file atomically and synced into an open folder, which may belong to any user, and replace what is there. The file
 * gets the given mode, by default 0600, regardless of the umask. Without `replace` the file is created directly, and an
 * existing entry is kept (`EEXIST`).
 */
export function replaceFile(
	folder: Folder,
	name: string,
	content: string | Uint8Array,
	{ mode = 0o600, replace = true }: { readonly mode?: number; readonly replace?: boolean } = {},
): void {
	const fresh = replace ? `.${name}.${randomBytes(6).toString("hex")}` : name;
	const fd = openSync(folder.at(fresh), "wx", 0o600);
	try {
		writeFileSync(fd, content);
		fchmodSync(fd, mode);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
	if (replace) renameSync(folder.at(fresh), folder.at(name));
	syncFolder(folder);
}

/** Sync the file system of an open folder: for many files, much faster than syncing each one. */
export async function syncFilesystemOf(folder: Folder): Promise<void> {
	const { execOk } = await import("./exec.ts");
	await execOk(["sync", "-f", "."], { doing: `sync ${folder.path}`, cwd: folder.self });
}

/** Delete a folder of our own with its content, but nothing on other file systems mounted below it. */
export async function removeTree(path: string): Promise<void> {
	const { execOk } = await import("./exec.ts");
	requireNoMountIn(path, `deleting ${path}`);
	await execOk(["rm", "-rf", "--one-file-system", "--", path], { doing: `delete ${path}` });
}

/** As `removeTree`, for an entry of an open folder, even if the folder was moved. */
export async function removeIn(folder: Folder, name: string): Promise<void> {
	const { exec, execOk } = await import("./exec.ts");
	// An argument must be text, but a file name may be any bytes.
	const argv = ["xargs", "-0", "rm", "-rf", "--one-file-system", "--"];
	const input = bytesOf(`./${name}\0`);
	const path = `${nowAt(folder)}/${name}`;
	requireNoMountIn(path, `deleting ${path}`);
	const remove = () => execOk(argv, { doing: `delete ${folder.path}/${name}`, cwd: folder.self, input });
	if (process.getuid?.() === 0) return void (await remove());
	await remove().catch(async () => {
		// Folders may be read-only even for their owner, for example those of Go modules.
		const open = ["-xdev", "-type", "d", "!", "-perm", "-u=rwx", "-exec", "chmod", "u+rwx", "{}", ";"];
		await exec(["xargs", "-0", "-I", "{name}", "find", "{name}", ...open], { cwd: folder.self, input });
		await remove();
	});
}

/** The current path of an open folder. */
const nowAt = (folder: Folder): string => readlinkSync(folder.self).replace(/^\/$/, "");

/** Rename an entry. An ordinary user can move a folder to another parent only if they may write to the folder itself. */
export function renameIn(from: Folder, name: string, to: Folder, toName: string): void {
	const move = () => renameSync(from.at(name), to.at(toName));
	try {
		move();
	} catch (error) {
		const found = isErrno(error, "EACCES") && process.getuid?.() !== 0 ? entryIn(from, name) : undefined;
		if (!found?.isDirectory() || found.uid !== process.getuid?.()) throw error;
		// Open it, so that the mode of this same folder is changed even if it is replaced meanwhile.
		using folder = enter(from, name);
		chmodSync(folder.self, found.mode | 0o700);
		try {
			move();
		} finally {
			chmodSync(folder.self, found.mode);
		}
	}
}

/** Create a folder that only we can read, with its parents. Returns the topmost folder created, or undefined. */
export async function privateFolder(path: string): Promise<string | undefined> {
	return mkdir(path, { recursive: true, mode: 0o700 });
}

/** Create a new private folder below this one. */
export async function scratchFolder(below: string): Promise<string> {
	await privateFolder(below);
	return mkdtemp(join(below, "scratch-"));
}

/**
 * Write a file that only we can read, atomically, into a folder that may belong to any user. An existing link is replaced,
 * never followed. `look` gets the same text first, in a private folder below `scratch`, and can reject it by throwing.
 * Without `replace` an existing entry is kept (`EEXIST`).
 */
export async function putFile(
	path: string,
	content: string,
	{
		replace,
		look,
		scratch,
	}: {
		readonly replace: boolean;
		readonly look: (draft: string) => Promise<void>;
		readonly scratch: string;
	},
): Promise<void> {
	const [above, name] = split(resolve(path));
	const own = await scratchFolder(scratch);
	try {
		const draft = join(own, name);
		await writeFile(draft, content, { mode: 0o600, flag: "wx", flush: true });
		await look(draft);
	} finally {
		await rm(own, { recursive: true, force: true });
	}
	using folder = makeFolder(above);
	replaceFile(folder, name, content, { replace });
}

/** Write a file that only we can read, and sync it and its folder. */
export async function writeSynced(path: string, content: string): Promise<void> {
	await writeFile(path, content, { mode: 0o600, flush: true });
	await syncPath(dirname(path));
}
