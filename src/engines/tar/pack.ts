// Writes the data file of a tar archive: the tar streams of the roots one after another, each in separate zstd frames.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type Readable, Transform, Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { Enclosure } from "../../host/enclosure.ts";
import { describeEnd, exec, start } from "../../host/exec.ts";
import type { Folder } from "../../host/folder.ts";
import { limitGarbage } from "../../host/memory.ts";
import { nameOf } from "../../host/names.ts";
import { howToInstall } from "../../host/programs.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { HoldfastError } from "../../values/error.ts";
import { type Root, STREAMS_AHEAD, type StreamRoot, type Work } from "../destination.ts";
import { missingRoots } from "../roots.ts";
import { saysAbsent, type Unsteady, type Watch, watchUnsteady } from "../unsteady.ts";
import { tarExcludes } from "./exclude.ts";
import { DATA, END_MARK, type Segment } from "./index-file.ts";
import { withoutEndMark } from "./trim.ts";

/** Window size as a power of two: bytes that a decompressor must keep, 32 MiB. */
export const LARGEST_WINDOW = 25;

/** Bytes that zstd passes on at a time. */
const CHUNK = 128 * 1024;
/** Bytes that it gets at a time: with the 64 KiB of a pipe it takes more than half as long again. */
const GATHERED = 512 * 1024;

interface Packed {
	readonly segments: Segment[];
	readonly unreadable: { path: string; reason: string }[];
	readonly unsteady: readonly Unsteady[];
}

/** Where a root's faults go. */
interface Told {
	readonly unreadable: Packed["unreadable"];
	readonly watch: Watch;
}

export async function packArchive(
	roots: readonly Root[],
	folder: Folder,
	level: number | undefined,
	work: Work,
	enclosure: Enclosure | undefined,
	passed: (root: string) => void = () => {},
): Promise<Packed> {
	const output = createWriteStream(folder.at(DATA), { flags: "wx", mode: 0o600, flush: true });
	const segments: Segment[] = [];
	const told: Told = { unreadable: [], watch: watchUnsteady() };
	let offset = 0;
	let before = 0;
	const ended = finished(output);
	ended.catch(() => {});
	try {
		for (const root of roots) {
			const packed = await packRoot(root, output, level, work, before, told, enclosure);
			told.unreadable.push(...missingRoots([root], told.unreadable, () => packed.tarBytes > 0));
			segments.push({ path: root.path, offset, ...packed });
			passed(root.path);
			offset += packed.length;
			before += packed.tarBytes;
		}
		await pipeline([Buffer.alloc(END_MARK)], compressor(level), append(output));
		output.end();
		await ended;
	} finally {
		output.destroy();
	}
	return { segments, unreadable: told.unreadable, unsteady: told.watch.found };
}

/** Writes each stream to a separate file next to the data, because tar needs the size of a member before its content. */
export async function packStreams(
	streams: readonly StreamRoot[],
	folder: Folder,
	level: number | undefined,
	work: Work,
): Promise<Segment[]> {
	const segments: Segment[] = [];
	const indexed = streams.map(({ path, open }, index) => ({ path, open, file: `stream-${index}.zst` }));
	await sideBySide(indexed, STREAMS_AHEAD, async ({ path, open, file }) => {
		const content = await open(work.signal);
		const output = createWriteStream(folder.at(file), { flags: "wx", mode: 0o600, flush: true });
		const packed = await compressInto([content.output], output, path, level, work);
		await content.whole;
		segments.push({ path, offset: 0, file, ...packed });
	});
	return segments;
}

/** `input`: a stream and its transforms. All of them end if the output fails. */
async function compressInto(
	input: readonly [Readable, ...Transform[]],
	output: Writable,
	path: string,
	level: number | undefined,
	work: Work,
	before = 0,
) {
	const hash = createHash("sha256");
	let length = 0;
	let tarBytes = 0;
	const passed = limitGarbage();
	let gathered: Buffer[] = [];
	let waiting = 0;
	const all = () => {
		const one = Buffer.concat(gathered, waiting);
		gathered = [];
		waiting = 0;
		return one;
	};
	const count = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			tarBytes += chunk.length;
			passed(chunk.length);
			work.progress({ bytes: before + tarBytes, path });
			gathered.push(chunk);
			waiting += chunk.length;
			if (waiting < GATHERED) done();
			else done(null, all());
		},
		flush(done) {
			if (waiting === 0) done();
			else done(null, all());
		},
	});
	const digest = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			hash.update(chunk);
			length += chunk.length;
			done(null, chunk);
		},
	});
	await pipeline([...input, count, compressor(level), digest, output], { signal: work.signal });
	return { length, sha256: hash.digest("hex"), tarBytes };
}

async function packRoot(
	root: Root,
	output: Writable,
	level: number | undefined,
	work: Work,
	before: number,
	told: Told,
	enclosure: Enclosure | undefined,
) {
	let understood = false;
	const tar = await start(
		[
			"tar",
			"--create",
			"--file=-",
			"--format=posix",
			"--blocking-factor=256",
			"--sparse",
			"--acls",
			"--xattrs",
			"--xattrs-include=*",
			"--directory=/",
			...(await tarExcludes(root, () => deepestIn(root.path, work, enclosure))),
			"--null",
			"--no-unquote",
			"--verbatim-files-from",
			"--files-from=-",
		],
		{
			input: `${root.path.slice(1)}\0`,
			pipeOut: true,
			enclosure,
			signal: work.signal,
			onStderr: (line) => {
				work.log(line);
				if (/: socket ignored$/.test(line)) return;
				if (hear(line, root, told)) understood = true;
			},
		},
	);
	if (!tar.stdout) throw new Error("tar has no output");
	const trim = withoutEndMark();
	const packed = await compressInto(
		[tar.stdout, trim.stream],
		append(output),
		root.path,
		level,
		work,
		before,
	);
	const result = await tar.done;
	// 1: a file changed while it was read. 2: something could not be read, and tar continued with the rest.
	if (result.code !== 0 && result.code !== 1 && !(result.code === 2 && understood))
		throw new HoldfastError(
			result.code === 127 ? "program-not-found" : "program-failed",
			`tar ${describeEnd(result)} on ${root.path}`,
			{
				subject: result.code === 127 ? "tar" : root.path,
				details: result.stderr,
				...(result.code === 127 ? { hint: howToInstall("tar") } : {}),
			},
		);
	if (!trim.sawEndMark())
		throw new HoldfastError("program-failed", `tar's output on ${root.path} was truncated`, {
			subject: root.path,
		});
	return packed;
}

/** Handles tar's message about one file. Returns whether it was one. */
function hear(line: string, root: Root, { unreadable, watch }: Told): boolean {
	const [, quoted, reason = ""] =
		/^tar: (.*): (Cannot .*|Read error.*|Warning: Cannot .*|[Ff]ile (?:shrank|changed|removed) .*)$/.exec(
			line,
		) ?? [];
	if (quoted === undefined) return false;
	const path = `/${unquoted(quoted)}`;
	if (saysAbsent(reason) && path !== root.path) watch.vanished(path);
	else if (/^file (shrank|changed)/i.test(reason)) watch.changed(path);
	else unreadable.push({ path, reason });
	return true;
}

/** tar's messages have names in the style "escape" (info tar, "quoting styles"). */
function unquoted(name: string): string {
	const bytes = Buffer.from(name, "utf8").toString("latin1");
	const meant = bytes.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
		code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
	);
	return nameOf(Buffer.from(meant, "latin1"));
}
const ESCAPES: Readonly<Record<string, string>> = {
	a: "\x07",
	b: "\b",
	f: "\f",
	n: "\n",
	r: "\r",
	t: "\t",
	v: "\v",
};

function compressor(level = 3) {
	return createZstdCompress({
		chunkSize: CHUNK,
		params: {
			[constants.ZSTD_c_compressionLevel]: level,
			[constants.ZSTD_c_checksumFlag]: 1,
			// Otherwise the highest levels would need more memory, for reading too.
			...(level > 19 ? { [constants.ZSTD_c_windowLog]: LARGEST_WINDOW } : {}),
		},
	});
}

/** A sink that writes to `output` and leaves it open for the next one. */
function append(output: Writable): Writable {
	return new Writable({
		write(chunk, encoding, done) {
			output.write(chunk, encoding, done);
		},
	});
}

/** How many folders deep it is. */
export async function deepestIn(
	root: string,
	{ signal }: Pick<Work, "signal">,
	enclosure: Enclosure | undefined,
): Promise<number> {
	let deepest = 0;
	const end = await exec(["find", root, "-type", "d", "-printf", "%d\n"], {
		signal,
		enclosure,
		onStdout: (line) => {
			deepest = Math.max(deepest, Number(line));
		},
	});
	signal.throwIfAborted();
	// Folders that cannot be entered are reported by tar, which cannot enter them either.
	if (end.code !== 0 && end.code !== 1)
		throw new HoldfastError("program-failed", `find ${describeEnd(end)} on ${root}`, {
			subject: root,
			details: end.stderr,
		});
	return deepest;
}
