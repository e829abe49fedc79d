// The index of a tar archive: everything that `list` and the restore of a single folder need.
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { entryIn, type Folder } from "../../host/folder.ts";
import { readTextIn } from "../../host/read-file.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Metadata } from "../archive.ts";
import { type Described, faultOf, parseMetadata, requireRoom, storedPath } from "../metadata.ts";
import { noArchive } from "../not-held.ts";
import { isAsSealed, sealed } from "../sealed.ts";

export const INDEX = "index.json";
export const DATA = "data.tar.zst";
/** A tar stream ends with two blocks of zeros. They belong at the end of the file, not after each root. */
export const END_MARK = 1024;
const FORMAT = "holdfast-tar";
/** Bytes: the metadata, and about three hundred for each root. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;
/** Maximum bytes of a segment's entry without its path. */
const SEGMENT_BYTES = 256;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** One root's part of the data file: a tar stream in separate zstd frames. */
const segment = v.object({
	/** The stored path, absolute. */
	path: storedPath,
	/** Bytes, in the data file. */
	offset: count,
	length: count,
	/** SHA-256 of these bytes, in hex. */
	sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
	/** Bytes of the tar stream inside. */
	tarBytes: count,
	/** For a stored stream: the file next to the data file that holds its content, which is not a tar stream. */
	file: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.zst$/))),
});
export type Segment = v.InferOutput<typeof segment>;

const marked = v.object({ format: v.literal(FORMAT), version: v.pipe(v.number(), v.safeInteger()) });
const indexSchema = v.object({ metadata: v.unknown(), segments: v.array(segment) });

export interface TarIndex {
	readonly format: typeof FORMAT;
	readonly version: 1;
	readonly metadata: Metadata;
	readonly segments: readonly Segment[];
}

/** Undefined for a folder that is not an archive; `{}` for one with an index that is not ours. */
export type Look = { readonly index: TarIndex } | (Described & { readonly index?: undefined }) | undefined;

/** Reads a folder's index. Never throws: there may be other things next to the archives, and other users may write there. */
export async function lookAt(folder: Folder): Promise<Look> {
	const found = readTextIn(folder, INDEX, MAX_INDEX_BYTES);
	const bearsMark = entryIn(folder, DATA) !== undefined;
	if (found === undefined) return bearsMark ? { damaged: `its ${INDEX} is missing` } : undefined;
	if ("fault" in found) return bearsMark ? { damaged: found.fault } : {};
	let value: unknown;
	try {
		value = JSON.parse(found.text);
	} catch {
		const isOurs = found.text.slice(0, 100).includes(FORMAT) || bearsMark;
		return isOurs ? { damaged: `its ${INDEX} is ${found.text === "" ? "empty" : "not JSON"}` } : {};
	}
	const mark = v.safeParse(marked, value);
	if (!mark.success)
		return bearsMark ? { damaged: `its ${INDEX} is not valid: ${faultOf(mark.issues)}` } : {};
	const { format, version } = mark.output;
	if (version > 1) return { newer: { version } };
	const { success, output, issues } = v.safeParse(indexSchema, value, { abortEarly: true });
	if (version !== 1 || !success)
		return { damaged: `its ${INDEX} is not valid: ${version === 1 ? faultOf(issues ?? []) : "version"}` };
	const { metadata, ...others } = parseMetadata(output.metadata, found.text.length);
	return metadata === undefined
		? others
		: { index: { format, version, metadata, segments: output.segments } };
}

export async function readIndex(folder: Folder): Promise<TarIndex> {
	const { path } = folder;
	const look = await lookAt(folder);
	if (look?.index !== undefined) return look.index;
	if (look === undefined) throw noArchive(basename(path), dirname(path));
	const reason =
		look.damaged ??
		(look.newer ? "it was created by a newer version of Holdfast" : `its ${INDEX} is not ours`);
	throw new HoldfastError("archive-damaged", `the index of the archive in ${path} cannot be read`, {
		details: [reason],
		hint: `its files are still there: zstd -dc ${join(path, DATA)} | tar -t`,
	});
}

/** Throws if an index is not as it was written. Earlier versions wrote none with a digest. */
export function requireAsWritten(folder: Folder): void {
	const found = readTextIn(folder, INDEX, MAX_INDEX_BYTES);
	if (found === undefined || "fault" in found || isAsSealed(found.text)) return;
	throw new HoldfastError("archive-damaged", `its ${INDEX} was changed since it was written`);
}

/** The text of an index. Throws if it could not be read back. */
export function indexText(metadata: Metadata, segments: readonly Segment[]): string {
	const index: TarIndex = { format: FORMAT, version: 1, metadata, segments };
	const text = sealed(index);
	requireRoom(Buffer.byteLength(text), MAX_INDEX_BYTES);
	return text;
}

/** Throw, before anything is written, if the index would be too large. */
export function requireRoomForIndex(metadata: string, paths: readonly string[]): void {
	const bytes = paths.reduce((sum, path) => sum + Buffer.byteLength(JSON.stringify(path)) + SEGMENT_BYTES, 0);
	requireRoom(Buffer.byteLength(metadata) + bytes, MAX_INDEX_BYTES);
}

export function sizesOf(segments: readonly Segment[]) {
	return {
		bytes: segments.reduce((sum, one) => sum + one.tarBytes, 0),
		storedBytes: segments.reduce((sum, one) => sum + one.length, 0),
	};
}

/** The minimum length of each file. */
export function lengthsOf(segments: readonly Segment[]): Map<string, number> {
	const lengths = new Map<string, number>();
	for (const { file = DATA, offset, length } of segments)
		lengths.set(file, Math.max(lengths.get(file) ?? 0, offset + length));
	return lengths;
}
