// Read one root's piece of a tar archive: only its bytes, checked against the index before they count as restored.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { describeEnd, start } from "../../host/exec.ts";
import { frugal } from "../../host/memory.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { Work } from "../provider.ts";
import type { Segment } from "./index-file.ts";

/** Bytes that are read, and that zstd hands on, at once. */
const CHUNK = 256 * 1024;

/** Write `path`, the segment's own or one below it, under `into`. */
export async function unpackSegment(
	file: string,
	segment: Segment,
	path: string,
	into: string,
	work: Work,
): Promise<void> {
	await readSegment(file, segment, path, work, [
		"--extract",
		`--directory=${into}`,
		"--preserve-permissions",
		...(process.getuid?.() === 0 ? ["--same-owner"] : []),
		"--acls",
		"--xattrs",
		"--xattrs-include=*",
		"--delay-directory-restore",
	]);
}

/** Have tar do something with `path`, the segment's own or one below it; `onLine` gets what it prints. */
export async function readSegment(
	file: string,
	segment: Segment,
	path: string,
	work: Work,
	words: readonly string[],
	onLine: (line: string) => void = work.log,
): Promise<void> {
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
			path.slice(1),
		],
		{ pipeIn: true, signal: work.signal, onStdout: onLine, onStderr: (line) => work.log(line) },
	);
	if (!tar.stdin) throw new Error("tar has no input");
	const flow = decompressInto(file, segment, path, tar.stdin, work);
	const fault = await flow.then(
		() => undefined,
		(error: Error) => error,
	);
	const result = await tar.done;
	work.signal.throwIfAborted();
	if (fault instanceof Damaged) throw fault;
	if (result.code !== 0)
		throw new HoldfastError("failed", `tar ${describeEnd(result)} while it read ${path}`, {
			details: result.stderr,
			cause: fault,
		});
	if (fault) throw fault;
}

/** Write a stream that was stored to the file `to`, which only we can read. */
export async function unpackStream(file: string, segment: Segment, to: string, work: Work): Promise<void> {
	await mkdir(dirname(to), { recursive: true, mode: 0o700 });
	const output = createWriteStream(to, { flags: "wx", mode: 0o600 });
	await decompressInto(file, segment, segment.path, output, work);
}

/** Read all of a segment; fails when it is not what was stored. */
export async function verifySegment(file: string, segment: Segment, work: Work): Promise<void> {
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	await decompressInto(file, segment, segment.path, nowhere, work);
}

class Damaged extends HoldfastError {}

/** Fails with `Damaged` when what came out is not what was stored. */
async function decompressInto(
	file: string,
	segment: Segment,
	path: string,
	output: Writable,
	work: Work,
): Promise<void> {
	const hash = createHash("sha256");
	let bytes = 0;
	const passed = frugal();
	const digest = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			done(null, chunk);
		},
	});
	const count = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			passed(chunk.length);
			work.progress({ bytes, totalBytes: segment.tarBytes, path });
			done(null, chunk);
		},
	});
	const damaged = (cause?: unknown) =>
		new Damaged("failed", `${segment.path} is damaged in the archive ${file}`, {
			cause,
			hint: "restore it from another archive: holdfast list",
		});
	const source = createReadStream(file, {
		start: segment.offset,
		end: segment.offset + segment.length - 1,
		highWaterMark: CHUNK,
	});
	await pipeline(source, digest, createZstdDecompress({ chunkSize: CHUNK }), count, output, {
		signal: work.signal,
	}).catch((error: NodeJS.ErrnoException) => {
		throw /^Z(STD|_)/i.test(error.code ?? "") ? damaged(error) : error;
	});
	if (bytes !== segment.tarBytes || hash.digest("hex") !== segment.sha256) throw damaged();
}
