// Files and folders with the care that a power cut asks for: what is renamed is synced first, and its folder after.
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
import { dirname, join } from "node:path";
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

/** Make a file's content, or a folder's list of names, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
	const handle = await promisify(open)(path, constants.O_RDONLY | constants.O_NOFOLLOW);
	try {
		await promisify(fsync)(handle);
	} finally {
		await promisify(close)(handle);
	}
}

/**
 * Put a file in an open folder, which may be anybody's: whole at every instant and synced. Whatever stands there goes. It is for
 * us alone to read, or has the mode that is given, whatever the umask. Without `replace` it is written in its place, and what
 * stands there stays (`EEXIST`).
 */
export function replaceFile(
	folder: Folder,
	name: string,
	content: string,
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

/** Sync the filesystem that an open folder is on: for a tree of many files, far cheaper than one by one. */
export async function syncFilesystemOf(folder: Folder): Promise<void> {
	const { execOk } = await import("./exec.ts");
	await execOk(["sync", "-f", "."], { doing: `sync ${folder.path}`, cwd: folder.self });
}

/** Delete a folder of our own and what is in it, but nothing of another filesystem that is mounted below it. */
export async function removeTree(path: string): Promise<void> {
	const { execOk } = await import("./exec.ts");
	requireNoMountIn(path, `deleting ${path}`);
	await execOk(["rm", "-rf", "--one-file-system", "--", path], { doing: `delete ${path}` });
}

/** The same of what is in an open folder, whoever has moved that. */
export async function removeIn(folder: Folder, name: string): Promise<void> {
	const { exec, execOk } = await import("./exec.ts");
	// An argument is text, and a name need not be.
	const argv = ["xargs", "-0", "rm", "-rf", "--one-file-system", "--"];
	const input = bytesOf(`./${name}\0`);
	const path = `${nowAt(folder)}/${name}`;
	requireNoMountIn(path, `deleting ${path}`);
	const remove = () => execOk(argv, { doing: `delete ${folder.path}/${name}`, cwd: folder.self, input });
	if (process.getuid?.() === 0) return void (await remove());
	await remove().catch(async () => {
		// Their owner may make folders that they themselves cannot take anything out of: those of Go's modules, say.
		const open = ["-xdev", "-type", "d", "!", "-perm", "-u=rwx", "-exec", "chmod", "u+rwx", "{}", ";"];
		await exec(["xargs", "-0", "-I", "{name}", "find", "{name}", ...open], { cwd: folder.self, input });
		await remove();
	});
}

/** Where an open folder is by now. */
const nowAt = (folder: Folder): string => readlinkSync(folder.self).replace(/^\/$/, "");

/** Rename an entry. A folder of a normal user's goes elsewhere only while they can write to it. */
export function renameIn(from: Folder, name: string, to: Folder, toName: string): void {
	const move = () => renameSync(from.at(name), to.at(toName));
	try {
		move();
	} catch (error) {
		const found = isErrno(error, "EACCES") && process.getuid?.() !== 0 ? entryIn(from, name) : undefined;
		if (!found?.isDirectory() || found.uid !== process.getuid?.()) throw error;
		// Whatever is put in its place meanwhile, it is this folder whose mode is changed.
		using folder = enter(from, name);
		chmodSync(folder.self, found.mode | 0o700);
		try {
			move();
		} finally {
			chmodSync(folder.self, found.mode);
		}
	}
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

/**
 * Write a file that only we can read, whole, into a folder that may be anybody's: a link that stands there is replaced, and
 * never followed. `look` sees the same text first, in a folder of ours below `scratch`, and may refuse it by an error.
 * Without `replace` what is there stays (`EEXIST`).
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
	const [above, name] = split(path);
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

/** Write a file that only we can read, synced, with its folder. */
export async function writeSynced(path: string, content: string): Promise<void> {
	await writeFile(path, content, { mode: 0o600, flush: true });
	await syncPath(dirname(path));
}
