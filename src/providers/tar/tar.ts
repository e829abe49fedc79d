// The embedded engine: tar for the files, zstd from Node, an index beside each archive. Needs only tar.
//
// On disk, below the destination's path, an archive is one folder:
//   NAME/data.tar.zst   one valid tar file in zstd frames; `zstd -dc data.tar.zst | tar -x -C DIR` restores all of it
//   NAME/stream-0.zst   a dump that was stored as it was made; `zstd -dc stream-0.zst` gives it back
//   NAME/index.json     its metadata, and where each stored path's piece of the data lies
// It is written as `.partial-NAME`, synced, and renamed: a folder under its own name is a whole archive.
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { exists, syncPath, writeSynced } from "../../host/files.ts";
import { HoldfastError, isErrno } from "../../manifest/error.ts";
import type { TarOptions } from "../../manifest/providers.ts";
import type {
	Archive,
	ArchiveRequest,
	CreateResult,
	Destination,
	Entry,
	Metadata,
	Work,
} from "../provider.ts";
import { DATA, INDEX, readIndex, type Segment, type TarIndex } from "./index-file.ts";

const PARTIAL = ".partial-";
const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/;

export function tarDestinations(options: TarOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, { path }]) => ({
		name,
		location: path,
		capabilities: { restoresInto: true, streams: true, describesItself: true },
		create: (request, fresh, work) => create(path, request, fresh, options.level, work),
		describe: async (archive, metadata) => describe(folderOf(path, archive), metadata),
		list: () => list(path),
		restore: async (archive, paths, into, work) => restore(folderOf(path, archive), paths, into, work),
		sizeOf: (archive, paths) => sizeOf(folderOf(path, archive), paths),
		contents: (archive, paths, tell, work) => contents(folderOf(path, archive), paths, tell, work),
		abandon: async (archive) => rm(join(path, PARTIAL + archive), { recursive: true, force: true }),
	}));
}

function folderOf(path: string, archive: string): string {
	if (!NAME.test(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} cannot be an archive's name`);
	return join(path, archive);
}

async function create(
	path: string,
	request: ArchiveRequest,
	fresh: boolean,
	level: number | undefined,
	work: Work,
): Promise<CreateResult> {
	if (!(await exists(path))) {
		if (!fresh)
			throw new HoldfastError("failed", `${path} held archives before and is not there now`, {
				hint: "is the disk mounted? If it is meant to start anew, make the folder yourself",
			});
		await mkdir(path, { recursive: true, mode: 0o700 });
	}
	const whole = folderOf(path, request.name);
	const partial = join(path, PARTIAL + request.name);
	await mkdir(partial, { mode: 0o700 });
	try {
		const { packArchive, packStreams } = await import("./pack.ts");
		const streams = await packStreams(request.streams ?? [], partial, level, work);
		const packed = await packArchive(request.roots, join(partial, DATA), level, work);
		const segments = [...streams, ...packed.segments];
		const index: TarIndex = {
			format: "holdfast-tar",
			version: 1,
			metadata: request.metadata,
			segments,
		};
		await writeSynced(join(partial, INDEX), JSON.stringify(index));
		await rename(partial, whole);
		await syncPath(path);
		return {
			bytes: segments.reduce((sum, one) => sum + one.tarBytes, 0),
			storedBytes: segments.reduce((sum, one) => sum + one.length, 0),
			unreadable: packed.unreadable,
		};
	} catch (error) {
		await rm(partial, { recursive: true, force: true });
		if (isErrno(error, "ENOSPC"))
			throw new HoldfastError("failed", `no space left in ${path}`, {
				cause: error,
				hint: `nothing half was left there; make room (df -h ${path}) and create again`,
			});
		throw error;
	}
}

async function describe(folder: string, metadata: Metadata): Promise<void> {
	const index = await readIndex(folder);
	await writeSynced(join(folder, `.${INDEX}`), JSON.stringify({ ...index, metadata }));
	await rename(join(folder, `.${INDEX}`), join(folder, INDEX));
	await syncPath(folder);
}

async function list(path: string): Promise<Archive[]> {
	const names = await readdir(path).catch((error: unknown) => {
		if (isErrno(error, "ENOENT"))
			throw new HoldfastError("failed", `${path} does not exist`, {
				cause: error,
				hint: "is the disk mounted? The first create makes the folder",
			});
		throw error;
	});
	const archives = await Promise.all(
		names.filter((name) => NAME.test(name)).map((name) => describeArchive(path, name)),
	);
	return archives
		.filter((archive) => archive !== undefined)
		.sort((a, b) => (a.created ?? "").localeCompare(b.created ?? ""));
}

/** Folders that are not archives are passed over; a person may keep other things on that disk. */
async function describeArchive(path: string, name: string): Promise<Archive | undefined> {
	if (!(await exists(join(path, name, INDEX)))) return undefined;
	const { metadata, segments } = await readIndex(join(path, name));
	return {
		name,
		created: metadata.created,
		metadata,
		bytes: segments.reduce((sum, one) => sum + one.tarBytes, 0),
		storedBytes: segments.reduce((sum, one) => sum + one.length, 0),
	};
}

/** Counted by whole segments: more than it is for a path below one. */
async function sizeOf(folder: string, paths: readonly string[]): Promise<number> {
	const { segments } = await readIndex(folder);
	return segments
		.filter((segment) => paths.some((path) => path === segment.path || path.startsWith(`${segment.path}/`)))
		.reduce((sum, { tarBytes }) => sum + tarBytes, 0);
}

async function contents(
	folder: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	const { segments } = await readIndex(folder);
	const { listSegment } = await import("./contents.ts");
	for (const path of paths) {
		const segment = segmentOf(segments, path);
		if (segment.file === undefined) await listSegment(join(folder, DATA), segment, path, tell, work);
		else tell(await entryOfStream(join(folder, segment.file), segment));
	}
}

async function restore(folder: string, paths: readonly string[], into: string, work: Work): Promise<void> {
	const { segments } = await readIndex(folder);
	const { unpackSegment, unpackStream } = await import("./unpack.ts");
	for (const path of paths) {
		const segment = segmentOf(segments, path);
		if (segment.file === undefined) await unpackSegment(join(folder, DATA), segment, path, into, work);
		else await unpackStream(join(folder, segment.file), segment, join(into, path), work);
	}
}

async function entryOfStream(file: string, { path, tarBytes: size }: Segment): Promise<Entry> {
	const { uid, gid, mtimeMs: mtime } = await stat(file);
	return { path, type: "-", mode: 0o600, uid, gid, size, mtime };
}

/** One root may lie within another: the innermost holds it. */
function segmentOf(segments: readonly Segment[], path: string): Segment {
	const [segment] = segments
		.filter((one) => path === one.path || path.startsWith(`${one.path}/`))
		.sort((a, b) => b.path.length - a.path.length);
	if (!segment) throw new HoldfastError("failed", `${path} is not in this archive`);
	return segment;
}
