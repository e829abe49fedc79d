// A file in a folder that others can write: read only as the regular file that it is said to be. No link is followed,
// nothing blocks, no device is opened, and no more is read than was asked for.
import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isErrno } from "../manifest/error.ts";
import type { Folder } from "./folder.ts";

/** open(2): a name to look at, without opening what it names. Node does not have it among its constants. */
const O_PATH = 0o10000000;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Its text, or why it has none that can be used; undefined when there is no such file. Never throws. */
export type Found = { readonly text: string } | { readonly fault: string } | undefined;

export async function readRegularFile(folder: Folder, name: string, mostBytes: number): Promise<Found> {
	try {
		return await readIn(folder, name, mostBytes);
	} catch (error) {
		if (isErrno(error, "ENOENT")) return undefined;
		return { fault: `${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})` };
	}
}

async function readIn(folder: Folder, name: string, mostBytes: number): Promise<Found> {
	const looked = await open(folder.at(name), O_PATH | O_NOFOLLOW);
	try {
		const found = await looked.stat();
		if (!found.isFile()) return { fault: `${name} is ${kindOf(found)}, not a file` };
		if (found.size > mostBytes)
			return { fault: `${name} is too large: ${found.size} bytes, and ${mostBytes} are the most` };
		const file = await open(`/proc/self/fd/${looked.fd}`, O_RDONLY | O_NONBLOCK);
		try {
			return { text: await textOf(file, found.size + 1) };
		} finally {
			await file.close();
		}
	} finally {
		await looked.close();
	}
}

/** It may grow meanwhile. */
async function textOf(file: FileHandle, mostBytes: number): Promise<string> {
	const bytes = Buffer.alloc(mostBytes);
	let read = 0;
	for (;;) {
		const { bytesRead } = await file.read(bytes, read, bytes.length - read);
		if (bytesRead === 0) return bytes.subarray(0, read).toString("utf8");
		read += bytesRead;
	}
}

function kindOf(found: Stats): string {
	if (found.isSymbolicLink()) return "a symlink";
	if (found.isDirectory()) return "a folder";
	if (found.isFIFO()) return "a FIFO";
	return found.isSocket() ? "a socket" : "a device";
}
