// The index beside a tar archive: all that `list` and a single folder's restore need to know.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../../manifest/error.ts";
import type { Metadata } from "../provider.ts";

export const INDEX = "index.json";
export const DATA = "data.tar.zst";

/** One root's piece of the data file: a tar stream of its own in zstd frames of its own. */
const segment = v.object({
	/** The stored path, absolute. */
	path: v.string(),
	/** Bytes, in the data file. */
	offset: v.number(),
	length: v.number(),
	/** Of those bytes, in hex. */
	sha256: v.string(),
	/** Bytes of the tar stream inside. */
	tarBytes: v.number(),
	/** A stream that was stored: its content, not a tar stream, in this file beside the data file. */
	file: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]+\.zst$/))),
});
export type Segment = v.InferOutput<typeof segment>;

const indexSchema = v.object({
	format: v.literal("holdfast-tar"),
	version: v.literal(1),
	metadata: v.unknown(),
	segments: v.array(segment),
});
export type TarIndex = Omit<v.InferOutput<typeof indexSchema>, "metadata"> & { readonly metadata: Metadata };

export async function readIndex(folder: string): Promise<TarIndex> {
	const file = join(folder, INDEX);
	try {
		return v.parse(indexSchema, JSON.parse(await readFile(file, "utf8"))) as TarIndex;
	} catch (cause) {
		throw new HoldfastError("failed", `the index of the archive in ${folder} cannot be read`, {
			cause,
			details: [String((cause as Error).message)],
			hint: `its files are still there: zstd -dc ${join(folder, DATA)} | tar -t`,
		});
	}
}
