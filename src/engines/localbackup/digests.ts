// The digests of a snapshot's files, which rsnapshot does not keep, in `snapshot.N/holdfast.files.zst`. One line for each entry:
//   INODE TYPE SIZE MTIME SHA256 PATH
// sorted by inode (16 hex digits), so that the lists of two snapshots are compared as streams, whatever their number of files.
// SHA256 is that of the content, or of a link's target; "-" for other entries. PATH is JSON in ASCII, as stored, absolute.
import { createHash, type Hash, hash } from "node:crypto";
import { closeSync, createReadStream, createWriteStream, readSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import { digesting, sha256 } from "../../host/digest.ts";
import { type Folder, linkIn, openFileBelow, split } from "../../host/folder.ts";
import { LONGEST_RECORD } from "../../host/lines.ts";
import { limitGarbage } from "../../host/memory.ts";
import { openSpool, packed } from "../../host/spool.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Work } from "../destination.ts";
import { letterOf, parents, walker } from "./walk.ts";

export const DIGESTS = "holdfast.files.zst";
const NO_DIGEST = "-";
/** Bytes that are read at a time. */
const CHUNK = 256 * 1024;
/** After this many bytes, other tasks get to run. */
const BREATH_BYTES = 8 * 1024 * 1024;
/** Approximate bytes of garbage per file. */
const FILE_BYTES = 4096;
/** Characters of the list that are written at a time. */
const BATCH = 64 * 1024;

/** One line of a list. */
export interface Digested {
	readonly inode: string;
	readonly type: string;
	readonly size: string;
	/** Milliseconds since 1970, as JavaScript writes the number. */
	readonly mtime: string;
	readonly digest: string;
	readonly path: string;
}

/** The inode of an entry as it is written in a list. */
export const inodeText = (inode: number): string => inode.toString(16).padStart(16, "0");

/**
 * Write the list of a snapshot. `files`: the folder of its files. A file that `before`, the list of the snapshot before, has with
 * the same inode, size and time is the same hard link, and is not read again. Returns the SHA-256 of the list.
 */
export async function writeDigests(
	snapshot: Folder,
	files: Folder,
	before: Lookup | undefined,
	work: Pick<Work, "signal">,
): Promise<string> {
	using spool = await openSpool();
	await walker(({ parent, name, path, stat }) => {
		const link = stat.isSymbolicLink() ? sha256(linkIn(parent, name)) : NO_DIGEST;
		const size = stat.isDirectory() ? 0 : stat.size;
		spool.add(`${inodeText(stat.ino)} ${letterOf(stat)} ${size} ${stat.mtimeMs} ${link} ${packed(path)}`);
	}).below(files, "");
	using sorted = await spool.sorted(work.signal);
	const hashFile = fileHasher(work);
	const at = parents(files);
	const hashed = (path: string) => {
		const [above, name] = split(path);
		const parent = at(above);
		if (parent === undefined) throw new Error(`${above} is not there any more`);
		return hashFile(parent, name);
	};
	async function* lines() {
		let batch = "";
		let last: Digested | undefined;
		for (const line of sorted.records()) {
			let one = digestedIn(line);
			if (one.type === "-") {
				const known = last?.inode === one.inode ? last : await before?.(one.inode);
				const isKnown = known?.type === "-" && known.size === one.size && known.mtime === one.mtime;
				one = { ...one, digest: isKnown ? known.digest : await hashed(one.path) };
				last = one;
			}
			batch += `${one.inode} ${one.type} ${one.size} ${one.mtime} ${one.digest} ${packed(one.path)}\n`;
			if (batch.length < BATCH) continue;
			yield Buffer.from(batch, "latin1");
			batch = "";
		}
		yield Buffer.from(batch, "latin1");
	}
	let digest = "";
	try {
		await pipeline(
			Readable.from(lines(), { objectMode: false }),
			createZstdCompress(),
			digesting((all) => {
				digest = all;
			}),
			createWriteStream(snapshot.at(DIGESTS), { flags: "wx", mode: 0o600, flush: true }),
			{ signal: work.signal },
		);
		return digest;
	} finally {
		at.close();
	}
}

/** Hashes files one after another, through one buffer. */
export function fileHasher({ signal }: Pick<Work, "signal">) {
	const chunk = Buffer.allocUnsafe(CHUNK);
	const passed = limitGarbage(true);
	let sinceBreath = 0;
	return async (parent: Folder, name: string): Promise<string> => {
		const fd = openFileBelow(parent, name);
		passed(FILE_BYTES);
		try {
			let large: Hash | undefined;
			for (;;) {
				const read = readSync(fd, chunk, 0, CHUNK, null);
				const part = chunk.subarray(0, read);
				sinceBreath += read + FILE_BYTES;
				if (sinceBreath >= BREATH_BYTES) {
					sinceBreath = 0;
					await setImmediate();
					signal.throwIfAborted();
				}
				// Most files are small: one call for all makes less garbage.
				if (large === undefined && read < CHUNK) return hash("sha256", part, "hex");
				if (read === 0) return large?.digest("hex") ?? "";
				large ??= createHash("sha256");
				large.update(part);
			}
		} finally {
			closeSync(fd);
		}
	};
}

/** The line with an inode. Must be asked in rising order. */
export type Lookup = (inode: string) => Promise<Digested | undefined>;

/** Reads a list along with another one. What cannot be read of it is unknown, and is read from the files. `end` closes it. */
export function lookupIn(snapshot: Folder, work: Pick<Work, "signal">): { at: Lookup; end(): Promise<void> } {
	const lines = eachDigested(snapshot, work);
	let current: Digested | undefined;
	let isOver = false;
	return {
		async at(inode) {
			while (!isOver && (current === undefined || current.inode < inode)) {
				const next = await lines.next().catch(() => undefined);
				work.signal.throwIfAborted();
				isOver = next === undefined || next.done === true;
				current = isOver ? undefined : next?.value;
			}
			return current?.inode === inode ? current : undefined;
		},
		async end() {
			await lines.return(undefined);
		},
	};
}

/** Every line of a list. Throws if it is damaged. */
export async function* eachDigested(
	snapshot: Folder,
	{ signal }: Pick<Work, "signal">,
): AsyncGenerator<Digested, undefined, undefined> {
	const stream = createReadStream(snapshot.at(DIGESTS), { fd: openFileBelow(snapshot, DIGESTS) });
	const passed = limitGarbage(true);
	const plain = createZstdDecompress();
	const piped = pipeline(stream, plain, { signal });
	piped.catch(() => {});
	let rest = "";
	try {
		for await (const chunk of plain as AsyncIterable<Buffer>) {
			passed(4 * chunk.length);
			const lines = (rest + chunk.toString("latin1")).split("\n");
			rest = lines.pop() ?? "";
			if (rest.length > LONGEST_RECORD)
				throw new HoldfastError("archive-damaged", `a line of ${DIGESTS} is too long`, {
					subject: DIGESTS,
				});
			for (const line of lines) yield digestedIn(line);
		}
		await piped;
	} finally {
		plain.destroy();
		stream.destroy();
	}
}

/** The SHA-256 of a list as it is on the disk. */
export async function digestOfList(snapshot: Folder): Promise<string> {
	const fd = openFileBelow(snapshot, DIGESTS);
	const hash = createHash("sha256");
	for await (const chunk of createReadStream("", { fd })) hash.update(chunk as Buffer);
	return hash.digest("hex");
}

const LINE = /^([0-9a-f]{16}) ([-dlpcb]) (\d+) (-?[\d.]+) ([0-9a-f]{64}|-) (".*")$/;

function digestedIn(line: string): Digested {
	const [, inode = "", type = "", size = "", mtime = "", digest = "", path] = LINE.exec(line) ?? [];
	if (path === undefined) throw new HoldfastError("archive-damaged", `a line of ${DIGESTS} cannot be read`);
	return { inode, type, size, mtime, digest, path: JSON.parse(path) as string };
}
