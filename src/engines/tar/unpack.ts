// Reads one root's segment of a tar archive: only its bytes, which are verified against the index.

import { createHash } from "node:crypto";
import { closeSync, createReadStream, createWriteStream } from "node:fs";
import { basename } from "node:path";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdDecompress } from "node:zlib";
import type { Enclosure } from "../../host/enclosure.ts";
import { describeEnd, start } from "../../host/exec.ts";
import { descendMaking, type Folder, isAbsent, openFileBelow, split } from "../../host/folder.ts";
import { recordReader } from "../../host/lines.ts";
import { limitGarbage } from "../../host/memory.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import type { Work } from "../destination.ts";
import { isFull, TargetFull, tarDiskError } from "../disk-error.ts";
import type { Inside, Into } from "../into.ts";
import { notHeld } from "../not-held.ts";
import { DATA, type Segment } from "./index-file.ts";
import { LARGEST_WINDOW } from "./pack.ts";

/** Bytes that are read, and that zstd passes on, at a time. */
// Small, because buffers for a slow reader pile up until they are garbage-collected. 256 KiB take half the time, and 20 MiB more.
const CHUNK = 64 * 1024;

/** What cannot be restored alone: a further hard link to a file that lies elsewhere. */
export class LinkedElsewhere extends HoldfastError {}

/** Write paths, each that of the segment or one below it, into a folder. */
export async function unpackSegment(
	archive: Folder,
	segment: Segment,
	paths: readonly [string, ...string[]],
	{ path: folder, enclosure }: Inside,
	work: Work,
): Promise<void> {
	const words = [
		"--extract",
		`--directory=${folder}`,
		"--preserve-permissions",
		...(process.getuid?.() === 0 ? ["--same-owner"] : []),
		"--acls",
		"--xattrs",
		"--xattrs-include=*",
		"--delay-directory-restore",
	];
	await readSegment(archive, segment, paths, work, words, work.log, enclosure);
}

/** Run tar on paths, each that of the segment or one below it; `onLine` gets its output. */
export async function readSegment(
	archive: Folder,
	segment: Segment,
	paths: readonly [string, ...string[]],
	work: Work,
	words: readonly string[],
	onLine: (line: string) => void = work.log,
	enclosure?: Enclosure,
): Promise<void> {
	// Opened first: if that fails, no program has been started that would wait for it.
	const source = storedBytes(archive, segment);
	const [path] = paths;
	let full = false;
	let missing = false;
	let linked = false;
	const tar = await start(
		[
			"tar",
			...words,
			"--file=-",
			"--blocking-factor=256",
			"--anchored",
			"--no-wildcards",
			"--no-unquote",
			"--",
			...paths.map((one) => one.slice(1)),
		],
		{
			...{ pipeIn: true, signal: work.signal, reader: recordReader(onLine), enclosure },
			onStderr: (line) => {
				work.log(line);
				full ||= isFull(tarDiskError(line));
				missing ||= /^tar: .+: Not found in archive$/.test(line);
				linked ||= /^tar: .+: Cannot hard link to .+: No such file or directory$/.test(line);
			},
		},
	).catch((error: unknown) => {
		source.destroy();
		throw error;
	});
	if (!tar.stdin) throw new Error("tar has no input");
	const flow = decompressInto(source, archive, segment, path, tar.stdin, work);
	const fault = await flow.then(
		() => undefined,
		(error: Error) => error,
	);
	const result = await tar.done;
	work.signal.throwIfAborted();
	if (fault instanceof Damaged) throw fault;
	if (missing) throw notHeld(path, basename(archive.path), fault);
	if (result.code !== 0)
		throw new (full ? TargetFull : linked ? LinkedElsewhere : HoldfastError)(
			"program-failed",
			`tar ${describeEnd(result)} while it read ${path}`,
			{ subject: path, details: result.stderr, cause: fault },
		);
	// It came to the end of its archive, and more was stored. Which of the two it is depends on who is faster.
	if (isErrno(fault, "EPIPE") || isErrno(fault, "ERR_STREAM_PREMATURE_CLOSE"))
		throw damagedIn(archive, segment, fault);
	if (fault) throw fault;
}

/** Write a stored stream to its path in a folder, readable only by this user. */
export async function unpackStream(
	archive: Folder,
	segment: Segment,
	{ folder, digests }: Pick<Into, "folder" | "digests">,
	work: Work,
): Promise<void> {
	const [above, name] = split(segment.path);
	using parent = descendMaking(folder, above, 0o700);
	const source = storedBytes(archive, segment);
	const output = createWriteStream(parent.at(name), { flags: "wx", mode: 0o600 });
	const hash = digests && createHash("sha256");
	await decompressInto(source, archive, segment, segment.path, output, work, (chunk) => hash?.update(chunk));
	if (hash) digests.set(segment.path, hash.digest("hex"));
}

/** Read a whole segment. Fails if it differs from what was stored. */
export async function verifySegment(archive: Folder, segment: Segment, work: Work): Promise<void> {
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	await decompressInto(storedBytes(archive, segment), archive, segment, segment.path, nowhere, work);
}

class Damaged extends HoldfastError {}

function damagedIn({ path }: Folder, segment: Segment, cause?: unknown): Damaged {
	return new Damaged("archive-damaged", `${segment.path} is damaged in the archive ${path}`, {
		cause,
		hint: "restore it from another archive: holdfast list",
	});
}

/** A segment's stored bytes. The caller must read or destroy the stream. */
function storedBytes(archive: Folder, segment: Segment): Readable {
	const { file = DATA, offset, length } = segment;
	let fd: number;
	try {
		fd = openFileBelow(archive, file);
	} catch (error) {
		throw isAbsent(error) ? damagedIn(archive, segment, error) : error;
	}
	try {
		return length === 0
			? Readable.from([])
			: createReadStream("", { fd, start: offset, end: offset + length - 1, highWaterMark: CHUNK });
	} catch (error) {
		closeSync(fd);
		throw error;
	}
}

/** `see` gets what is written. Fails with `Damaged` if the output differs from what was stored. */
async function decompressInto(
	source: Readable,
	archive: Folder,
	segment: Segment,
	path: string,
	output: Writable,
	work: Work,
	see: (chunk: Buffer) => void = () => {},
): Promise<void> {
	const hash = createHash("sha256");
	let bytes = 0;
	const passed = limitGarbage();
	const digest = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			done(null, chunk);
		},
	});
	const damaged = (cause?: unknown) => damagedIn(archive, segment, cause);
	const count = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			// It may be forged: data longer than declared could fill the disk.
			if (bytes > segment.tarBytes) return done(damaged());
			passed(chunk.length);
			see(chunk);
			work.progress({ bytes, totalBytes: segment.tarBytes, path });
			done(null, chunk);
		},
	});
	const decompress = createZstdDecompress({
		chunkSize: CHUNK,
		params: { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW },
	});
	await pipeline(source, digest, decompress, count, output, {
		signal: work.signal,
	}).catch((error: NodeJS.ErrnoException) => {
		throw /^Z(STD|_)/i.test(error.code ?? "") ? damaged(error) : error;
	});
	if (bytes !== segment.tarBytes || hash.digest("hex") !== segment.sha256) throw damaged();
}
