// Reads a regular file of limited size at a path that is not trusted: a user named it, or others can write there. Anything
// else is not even opened, so that no device is triggered and no named pipe blocks forever.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { HoldfastError, isErrno } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { type Folder, O_PATH } from "./folder.ts";

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
const CHUNK = 64 * 1024;
const LOOK_AGAIN_MS = 10;

export interface Reading {
	/** Maximum size in bytes; a larger file is an error. */
	readonly most: number;
	/** A link at the end of the path is an error; those on the way are followed. */
	readonly noLink?: boolean;
	/** Called with the opened file before it is read; may throw to refuse it. */
	readonly look?: (stats: Stats) => void;
}

/**
 * The bytes of a regular file. Throws the system's error (`ENOENT` …), or an error that says what the path is instead. A
 * pipe is read only if it is a descriptor that our caller has opened: `/dev/stdin`, or `/dev/fd/N`, as shells use for `<(…)`.
 */
export function readBounded(path: string, { most, noLink = false, look }: Reading): Buffer {
	const given = descriptorIn(path);
	if (given !== undefined) {
		const stats = fstatSync(given);
		if (stats.isFile()) look?.(stats);
		return readWhole(given, most);
	}
	const looked = openSync(path, O_PATH | (noLink ? O_NOFOLLOW : 0));
	let fd: number | undefined;
	try {
		const stats = fstatSync(looked);
		if (!stats.isFile())
			throw new HoldfastError("path-not-trusted", `it is ${kindOf(stats)}, not a regular file`, {
				subject: path,
			});
		if (stats.size > most) throw tooLarge(most);
		look?.(stats);
		fd = openSync(`/proc/self/fd/${looked}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		return readWhole(fd, most);
	} finally {
		if (fd !== undefined) closeSync(fd);
		closeSync(looked);
	}
}

/** The text of a file in a folder, or why it cannot be read; undefined if it does not exist. */
export type Found = { readonly text: string } | { readonly fault: string } | undefined;

export function readTextIn(folder: Folder, name: string, most: number, look?: Reading["look"]): Found {
	try {
		return { text: readText(`${folder.self}/${name}`, { most, noLink: true, ...(look ? { look } : {}) }) };
	} catch (error) {
		if (isErrno(error, "ENOENT")) return undefined;
		return { fault: `${name} cannot be read: ${wordsOf(error)}` };
	}
}

/** The text of a regular file. */
export function readText(path: string, reading: Reading): string {
	return readBounded(path, reading).toString("utf8");
}

/** Whether a path names a descriptor that our caller has already opened; the folders on its path do not matter then. */
export const isHandedOver = (path: string): boolean => descriptorIn(path) !== undefined;

function descriptorIn(path: string): number | undefined {
	if (path === "/dev/stdin") return 0;
	const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(path) ?? [];
	return digits === undefined ? undefined : Number(digits);
}

function readWhole(fd: number, most: number): Buffer {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for (;;) {
		const chunk = Buffer.allocUnsafe(CHUNK);
		const read = readSome(fd, chunk);
		if (read === 0) return Buffer.concat(chunks);
		bytes += read;
		// The file has grown, or the kernel does not report its size in advance.
		if (bytes > most) throw tooLarge(most);
		chunks.push(chunk.subarray(0, read));
	}
}

/** An inherited pipe may be in non-blocking mode. */
function readSome(fd: number, into: Buffer): number {
	for (;;)
		try {
			return readSync(fd, into);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "EOF") return 0;
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
		}
}

function tooLarge(most: number): HoldfastError {
	const size = most >= 1024 ** 2 ? `${Math.round(most / 1024 ** 2)} MiB` : `${Math.round(most / 1024)} KiB`;
	return new HoldfastError("failed", `it is larger than ${size}`);
}

function kindOf(stats: Stats): string {
	if (stats.isSymbolicLink()) return "a link";
	if (stats.isDirectory()) return "a folder";
	if (stats.isFIFO()) return "a named pipe";
	if (stats.isSocket()) return "a socket";
	return "a device";
}
