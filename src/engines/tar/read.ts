// What is in an archive: sizes, entries, and the data themselves.

import { entryIn, type Folder, isAbsent, openFolder } from "../../host/folder.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Entry } from "../archive.ts";
import { requireArchiveName } from "../archive-name.ts";
import type { Work } from "../destination.ts";
import type { Into } from "../into.ts";
import { noArchive, notHeld } from "../not-held.ts";
import { readIndex, type Segment } from "./index-file.ts";

/** Open the folder of an archive, which must be a folder and not a link. The caller closes it. */
export function openArchive(path: string, archive: string): Folder {
	requireArchiveName(archive);
	try {
		return openFolder(`${resolvePath(path).path}/${archive}`);
	} catch (error) {
		if (!isAbsent(error)) throw error;
		throw noArchive(archive, path, error);
	}
}

/** Counts whole segments, which is too much for a path below one. */
export async function sizeOf(
	destination: string,
	archive: string,
	paths: readonly string[],
): Promise<number> {
	using folder = openArchive(destination, archive);
	const { segments } = await readIndex(folder);
	return segments
		.filter((segment) => paths.some((path) => path === segment.path || path.startsWith(`${segment.path}/`)))
		.reduce((sum, { tarBytes }) => sum + tarBytes, 0);
}

export async function contents(
	destination: string,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	using folder = openArchive(destination, archive);
	const { segments } = await readIndex(folder);
	const { listSegment } = await import("./contents.ts");
	for (const path of paths) {
		const segment = segmentOf(segments, path, archive);
		if (segment.file === undefined) await listSegment(folder, segment, path, tell, work);
		else tell(entryOfStream(folder, segment));
	}
}

export async function restore(
	destination: string,
	archive: string,
	paths: readonly string[],
	into: Into,
	work: Work,
): Promise<void> {
	using folder = openArchive(destination, archive);
	const { segments } = await readIndex(folder);
	const { unpackStream } = await import("./unpack.ts");
	const { unpackAlone } = await import("./linked.ts");
	await using inside = await into.enter();
	for (const path of paths) {
		const segment = segmentOf(segments, path, archive);
		if (segment.file === undefined) await unpackAlone(folder, segment, path, inside, into.folder, work);
		else await unpackStream(folder, segment, into, work);
	}
}

function entryOfStream(folder: Folder, { path, file = "", tarBytes: size }: Segment): Entry {
	const found = entryIn(folder, file);
	if (!found)
		throw new HoldfastError("archive-damaged", `${folder.path}/${file} is missing`, {
			subject: `${folder.path}/${file}`,
		});
	const { uid, gid, mtimeMs: mtime } = found;
	return { path, type: "-", mode: 0o600, uid, gid, size, mtime };
}

/** Roots may be nested: the innermost one contains the path. */
function segmentOf(segments: readonly Segment[], path: string, archive: string): Segment {
	const [segment] = segments
		.filter((one) => path === one.path || path.startsWith(`${one.path}/`))
		.sort((a, b) => b.path.length - a.path.length);
	if (!segment) throw notHeld(path, archive);
	return segment;
}
