// Open folders. An operation through a descriptor applies to that same folder even if the folder or one of its parents is
// renamed or replaced meanwhile. Links on the way to it and in it are never followed (as openat(2), through /proc/self/fd).
import {
	closeSync,
	constants,
	fstatSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	opendirSync,
	openSync,
	readFileSync,
	readlinkSync,
	type Stats,
	statfsSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { HoldfastError, isErrno } from "../values/error.ts";
import { bytesOf, nameOf } from "./names.ts";

/** open(2): a handle on a location, which needs no read permission. Node does not export the constant. */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** An open folder. Declare it with `using`, which closes it. */
export interface Folder extends Disposable {
	readonly fd: number;
	/** The path at which it was opened, for messages. Another folder may be there by now. */
	readonly path: string;
	/** A path to the folder itself, valid only in this process and while it is open. */
	readonly self: string;
	/** A path to an entry of the folder, valid only in this process. */
	at(name: string): string | Buffer;
}

function folderOf(fd: number, path: string): Folder {
	let open = true;
	return {
		fd,
		path,
		self: `/proc/self/fd/${fd}`,
		at: (name) => bytesOf(`/proc/self/fd/${fd}/${single(name)}`),
		[Symbol.dispose]() {
			// On a second call the number may belong to another file.
			if (open) closeSync(fd);
			open = false;
		},
	};
}

export function rootFolder(): Folder {
	return folderOf(openSync("/", O_PATH | O_DIRECTORY), "/");
}

/** Open a folder by its absolute path. Throws `path-not-trusted` if any part of the path is a link. */
export function openFolder(path: string): Folder {
	using root = rootFolder();
	return descend(root, path);
}

/** Open a folder below another by its relative path; `""` opens the same folder again. */
export function descend(from: Folder, path: string): Folder {
	let at = folderOf(openSync(from.self, O_PATH | O_DIRECTORY), from.path);
	for (const name of path.split("/").filter((part) => part !== "")) {
		using above = at;
		at = enter(above, name);
	}
	return at;
}

/** What is at an absolute path. Throws `path-not-trusted` if any part of the path is a link. */
export function statsAt(path: string): Stats {
	if (path === "/") return closing(rootFolder(), ({ fd }) => fstatSync(fd));
	using folder = openFolder(dirname(path));
	const found = lstatSync(folder.at(basename(path)));
	if (found.isSymbolicLink()) throw linkFault(path);
	return found;
}

/** Open the folder with this name in another folder. */
export function enter(folder: Folder, name: string): Folder {
	const path = folder.path === "/" ? `/${name}` : `${folder.path}/${name}`;
	try {
		return folderOf(openSync(folder.at(name), O_PATH | O_DIRECTORY | O_NOFOLLOW), path);
	} catch (error) {
		throw entryIn(folder, name)?.isSymbolicLink() ? linkFault(path) : error;
	}
}

/** Types of file systems whose owners and modes come from mount options (statfs(2), and the kernel's magic.h). */
const OWNERLESS: ReadonlySet<number> = new Set([
	...[0x4d44, 0x2011bab0, 0x7366746e, 0x5346544e],
	...[0xff534d42, 0xfe534d42, 0x517b, 0x6969, 0x65735546, 0x01021997],
]);

/**
 * Open a folder that was just created with mode 0700. The owner of the parent folder could have replaced it since: throws
 * if it is not empty, or not ours and private.
 */
export function enterOwn(folder: Folder, name: string): Folder {
	const own = enter(folder, name);
	const { uid, mode } = fstatSync(own.fd);
	const isOurs = uid === process.getuid?.() && (mode & 0o077) === 0;
	if ((isOurs || OWNERLESS.has(statfsSync(own.self).type)) && isEmpty(own)) return own;
	own[Symbol.dispose]();
	throw new HoldfastError("path-not-trusted", `${own.path} was replaced while it was being created`, {
		subject: own.path,
		hint: `a user who can write to ${folder.path} replaced it: find out who, or use another folder`,
	});
}

export function isEmpty(folder: Folder): boolean {
	for (const _ of namesIn(folder)) return false;
	return true;
}

/** Maximum number of names held in memory. */
const NAMES_AT_ONCE = 4_096;

/** The names in a folder, in the system's order. A folder of ordinary size is closed before the first name is yielded. */
export function* namesIn(folder: Folder): Generator<string, void, undefined> {
	// Node accepts "buffer" here, but its types do not allow it.
	const options = { bufferSize: 256, encoding: "buffer" as BufferEncoding };
	const dir = opendirSync(folder.self, options);
	let isOpen = true;
	const close = () => {
		if (isOpen) dir.closeSync();
		isOpen = false;
	};
	try {
		while (isOpen) {
			const names: string[] = [];
			while (isOpen && names.length < NAMES_AT_ONCE) {
				const entry = dir.readSync();
				if (entry === null) close();
				else names.push(nameOf(entry.name as unknown as Buffer));
			}
			yield* names;
		}
	} finally {
		close();
	}
}

/** The target of a link in a folder, as stored in the link. */
export const linkIn = (folder: Folder, name: string): string =>
	nameOf(readlinkSync(folder.at(name), { encoding: "buffer" }));

/** The folders on a relative path that do not exist, deepest first. */
export function missingFolders(from: Folder, path: string): string[] {
	const names = path.split("/").filter((part) => part !== "");
	let at = descend(from, "");
	try {
		for (const [index, name] of names.entries()) {
			if (entryIn(at, name) === undefined)
				return names.slice(index).map((_, more) => join(at.path, ...names.slice(index, names.length - more)));
			using above = at;
			at = enter(above, name);
		}
		return [];
	} finally {
		at[Symbol.dispose]();
	}
}

/** As `descend`, but creates missing folders; by default with the mode that mkdir(1) gives under a umask of 022. */
export function descendMaking(from: Folder, path: string, mode = 0o777): Folder {
	let at = descend(from, "");
	for (const name of path.split("/").filter((part) => part !== "")) {
		using above = at;
		if (entryIn(above, name) === undefined) makeIn(above, name, mode);
		at = enter(above, name);
	}
	return at;
}

/** The caller's umask must not make a folder for a service private. */
function makeIn(folder: Folder, name: string, mode: number): void {
	const mask = process.umask(0o022);
	try {
		mkdirSync(folder.at(name), { mode });
	} finally {
		process.umask(mask);
	}
}

/** What exists at a path below a folder; undefined if nothing does. Only the last part of the path may be a link. */
export function findBelow(from: Folder, path: string): Stats | undefined {
	const [above, name] = split(path);
	try {
		using parent = descend(from, above);
		return entryIn(parent, name);
	} catch (error) {
		if (isAbsent(error)) return undefined;
		throw error;
	}
}

/** Open a regular file below a folder without following links and without blocking. The caller closes it. */
export function openFileBelow(from: Folder, path: string, flags = O_RDONLY): number {
	const [above, name] = split(path);
	using parent = descend(from, above);
	const fd = openSync(parent.at(name), flags | O_NOFOLLOW | O_NONBLOCK);
	if (fstatSync(fd).isFile()) return fd;
	closeSync(fd);
	throw new HoldfastError(
		"path-not-trusted",
		`${from.path}/${path.replace(/^\//, "")} is not a regular file`,
		{ subject: `${from.path}/${path.replace(/^\//, "")}` },
	);
}

/** Call `work` with the folder that contains `path`. Only the last part of the path may be a link. */
export function inParent<T>(path: string, work: (parent: Folder, name: string) => T): T {
	const [above, name] = split(path);
	return closing(openFolder(above), (parent) => work(parent, name));
}

/** Call `work` with an open folder, and close the folder when the call returns or its promise settles. */
export function closing<T>(folder: Folder, work: (folder: Folder) => T): T {
	let later = false;
	try {
		const result = work(folder);
		if (!(result instanceof Promise)) return result;
		later = true;
		return result.finally(() => folder[Symbol.dispose]()) as T;
	} finally {
		if (!later) folder[Symbol.dispose]();
	}
}

/** Split a path into its folder and its last part; the folder of a path without a slash is `""`. */
export function split(path: string): [string, string] {
	const cut = path.lastIndexOf("/");
	if (cut < 0) return ["", path];
	return [path.slice(0, cut) || "/", path.slice(cut + 1)];
}

/** The entry with this name in a folder, not following a link; undefined if there is none. */
export function entryIn(folder: Folder, name: string): Stats | undefined {
	return lstatSync(folder.at(name), { throwIfNoEntry: false });
}

export function statOf(folder: Folder): Stats {
	return fstatSync(folder.fd);
}

/** The id of the mount that a folder is on (proc(5), fdinfo). A rename works only within one mount. */
export function mountOf(folder: Folder): string {
	return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${folder.fd}`, "utf8"))?.[1] ?? "";
}

/** Sync a folder's list of names to disk. */
export function syncFolder(folder: Folder): void {
	const fd = openSync(folder.self, O_RDONLY | O_DIRECTORY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function linkFault(path: string): HoldfastError {
	return new HoldfastError("path-not-trusted", `${path} is a symbolic link, but a folder is expected`, {
		subject: path,
		hint: "links are not followed here, because they could lead anywhere; if this one is intended, use its target in the config",
	});
}

/** Throws if this is not a single name, which cannot lead out of the folder. */
function single(name: string): string {
	if (name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0"))
		return name;
	throw new Error(`${JSON.stringify(name)} is not a file name`);
}

/** Whether an error means that the path does not exist. */
export function isAbsent(error: unknown): boolean {
	return isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR");
}
