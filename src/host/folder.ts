// Open folders. What is done through a descriptor is done in that very folder, whoever renames or replaces it or its
// parents meanwhile; nothing on the way to it and nothing in it is followed as a link (openat(2), by /proc/self/fd).
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
import { join } from "node:path";
import { HoldfastError, isErrno } from "../values/error.ts";
import { bytesOf, nameOf } from "./names.ts";

/** open(2): only a place in the tree, for which no right to read is needed. Node does not name it. */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Close it with `using`. */
export interface Folder extends Disposable {
	readonly fd: number;
	/** Where it was found. For messages; what is there by now may be another. */
	readonly path: string;
	/** The folder itself, as a path of this process alone, for as long as it is open. */
	readonly self: string;
	/** The path, in this process, of something directly in it. */
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
			// The number may be another file's by the second time.
			if (open) closeSync(fd);
			open = false;
		},
	};
}

export function rootFolder(): Folder {
	return folderOf(openSync("/", O_PATH | O_DIRECTORY), "/");
}

/** A folder by its absolute path, of which no part may be a link; one is an error in words. */
export function openFolder(path: string): Folder {
	using root = rootFolder();
	return descend(root, path);
}

/** A folder below another, by its relative path; `""` is that folder once more. */
export function descend(from: Folder, path: string): Folder {
	let at = folderOf(openSync(from.self, O_PATH | O_DIRECTORY), from.path);
	for (const name of path.split("/").filter((part) => part !== "")) {
		using above = at;
		at = enter(above, name);
	}
	return at;
}

/** The folder of this name in another. */
export function enter(folder: Folder, name: string): Folder {
	const path = folder.path === "/" ? `/${name}` : `${folder.path}/${name}`;
	try {
		return folderOf(openSync(folder.at(name), O_PATH | O_DIRECTORY | O_NOFOLLOW), path);
	} catch (error) {
		throw entryIn(folder, name)?.isSymbolicLink() ? linkFault(path) : error;
	}
}

/** File systems on which the owners and modes are those of the mount (statfs(2), and the kernel's magic.h). */
const OWNERLESS: ReadonlySet<number> = new Set([
	...[0x4d44, 0x2011bab0, 0x7366746e, 0x5346544e],
	...[0xff534d42, 0xfe534d42, 0x517b, 0x6969, 0x65735546, 0x01021997],
]);

/**
 * One that was made just now, for us alone: in a folder of somebody else's they could have put another in its place since.
 * Throws then.
 */
export function enterOwn(folder: Folder, name: string): Folder {
	const own = enter(folder, name);
	const { uid, mode } = fstatSync(own.fd);
	const isOurs = uid === process.getuid?.() && (mode & 0o077) === 0;
	if ((isOurs || OWNERLESS.has(statfsSync(own.self).type)) && isEmpty(own)) return own;
	own[Symbol.dispose]();
	throw new HoldfastError("path-not-trusted", `${own.path} was replaced while it was made`, {
		hint: `somebody who can change ${folder.path} did so: find out who, or take another folder`,
	});
}

/** Whether nothing is in it. */
export function isEmpty(folder: Folder): boolean {
	for (const _ of namesIn(folder)) return false;
	return true;
}

/** Names of a folder that are in memory at once. */
const NAMES_AT_ONCE = 4_096;

/** The names in a folder, in the system's order, however many there are; a usual one is not kept open meanwhile. */
export function* namesIn(folder: Folder): Generator<string, void, undefined> {
	// Node takes it, and its types do not know.
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

/** Where a link in a folder leads, as it stands there. */
export const linkIn = (folder: Folder, name: string): string =>
	nameOf(readlinkSync(folder.at(name), { encoding: "buffer" }));

/** The folders of a relative path that are not there, the deepest first. */
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

/** As `descend`, making what is missing on the way: by itself as mkdir(1) would, for anyone with a umask of 022. */
export function descendMaking(from: Folder, path: string, mode = 0o777): Folder {
	let at = descend(from, "");
	for (const name of path.split("/").filter((part) => part !== "")) {
		using above = at;
		if (entryIn(above, name) === undefined) makeIn(above, name, mode);
		at = enter(above, name);
	}
	return at;
}

/** Whoever calls us may have a umask of their own: what is made for a service is not ours alone because of that. */
function makeIn(folder: Folder, name: string, mode: number): void {
	const mask = process.umask(0o022);
	try {
		mkdirSync(folder.at(name), { mode });
	} finally {
		process.umask(mask);
	}
}

/** What is at a path below a folder, no part of which may be a link but the last; undefined when nothing is. */
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

/** Open a regular file below a folder, through no link; it cannot make us wait. Close it. */
export function openFileBelow(from: Folder, path: string, flags = O_RDONLY): number {
	const [above, name] = split(path);
	using parent = descend(from, above);
	const fd = openSync(parent.at(name), flags | O_NOFOLLOW | O_NONBLOCK);
	if (fstatSync(fd).isFile()) return fd;
	closeSync(fd);
	throw new HoldfastError(
		"path-not-trusted",
		`${from.path}/${path.replace(/^\//, "")} is not a regular file`,
	);
}

/** Do something in the folder that holds `path`, of which no part may be a link but the last. */
export function inParent<T>(path: string, work: (parent: Folder, name: string) => T): T {
	const [above, name] = split(path);
	return closing(openFolder(above), (parent) => work(parent, name));
}

/** Do something in an open folder, and close it once that is done, whether it is now or later. */
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

/** A path as its folder and its name in there; `""` is the folder of a mere name. */
export function split(path: string): [string, string] {
	const cut = path.lastIndexOf("/");
	if (cut < 0) return ["", path];
	return [path.slice(0, cut) || "/", path.slice(cut + 1)];
}

/** What is of this name in a folder, a link being a link; undefined when nothing is. */
export function entryIn(folder: Folder, name: string): Stats | undefined {
	return lstatSync(folder.at(name), { throwIfNoEntry: false });
}

export function statOf(folder: Folder): Stats {
	return fstatSync(folder.fd);
}

/** The mount that it is on (proc(5), fdinfo): a rename works within one only. */
export function mountOf(folder: Folder): string {
	return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${folder.fd}`, "utf8"))?.[1] ?? "";
}

/** Make its list of names survive a power cut. */
export function syncFolder(folder: Folder): void {
	const fd = openSync(folder.self, O_RDONLY | O_DIRECTORY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function linkFault(path: string): HoldfastError {
	return new HoldfastError("path-not-trusted", `${path} is a symbolic link, where a folder is expected`, {
		hint: "it could lead anywhere, so it is not followed; if it is meant, name the folder that it leads to in the config",
	});
}

/** One name, and no way out of the folder. */
function single(name: string): string {
	if (name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0"))
		return name;
	throw new Error(`${JSON.stringify(name)} is not a file name`);
}

/** Whether nothing is there, as opposed to any other fault. */
export function isAbsent(error: unknown): boolean {
	return isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR");
}
