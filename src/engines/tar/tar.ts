// The embedded engine: tar for the files, zstd from Node, an index for each archive. Needs only tar.
//
// On disk, below the destination's path, an archive is one folder:
//   NAME/data.tar.zst   one valid tar file in zstd frames; `zstd -dc data.tar.zst | tar -x -C DIR` restores all of it
//   NAME/stream-0.zst   a streamed dump; `zstd -dc stream-0.zst` prints it
//   NAME/index.json     its metadata, and the position of each root's segment in the data
// It is written as `.partial-NAME`, synced, and renamed: a folder with its final name is a complete archive.
import { type Dirent, mkdirSync, renameSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { closeOff } from "../../host/enclosure.ts";
import { exists, removeIn, replaceFile } from "../../host/files.ts";
import { enter, entryIn, type Folder, isAbsent, openFolder, syncFolder } from "../../host/folder.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { makeFolder, resolvePath } from "../../host/trust.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Archive, Entry, Metadata, Problem } from "../archive.ts";
import { isArchiveName, requireArchiveName } from "../archive-name.ts";
import { oldestFirst } from "../archive-time.ts";
import type { ArchiveRequest, CreateResult, Destination, Work } from "../destination.ts";
import { diskFault } from "../disk-fault.ts";
import { requireDisk } from "../disk-mounted.ts";
import type { Into } from "../into.ts";
import { AT_FIRST, metadataText } from "../metadata.ts";
import { noArchive, notHeld } from "../not-held.ts";
import {
	DATA,
	INDEX,
	indexText,
	lengthsOf,
	lookAt,
	readIndex,
	requireAsWritten,
	requireRoomForIndex,
	type Segment,
	sizesOf,
} from "./index-file.ts";
import type { TarOptions } from "./schema.ts";

const PARTIAL = ".partial-";
/** How many archives are read in parallel. */
const LOOKS = 16;

export function tarDestinations(options: TarOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, { path, mountpoint }]) => ({
		name,
		location: path,
		takesStreams: true,
		detectsDamage: true,
		create: async (request, mayInit, work) => {
			const disk = requireDisk(path, mountpoint, request.mount);
			return { ...(await create(path, request, mayInit, options.level, work)), ...disk };
		},
		writeMetadata: (archive, metadata) => writeMetadata(path, archive, metadata),
		list: () => list(path),
		restore: (archive, paths, into, work) => restore(path, archive, paths, into, work),
		sizeOf: (archive, paths) => sizeOf(path, archive, paths),
		contents: (archive, paths, tell, work) => contents(path, archive, paths, tell, work),
		details: async (archive) => {
			using folder = openArchive(path, archive);
			return sizesOf((await readIndex(folder)).segments);
		},
		check: (full, work) => check(path, full, work),
		remove: (archives) => remove(path, archives),
		discardPartial: (archive) => discardPartial(path, archive),
	}));
}

async function create(
	path: string,
	request: ArchiveRequest,
	mayInit: boolean,
	level: number | undefined,
	work: Work,
): Promise<CreateResult> {
	if (!(await exists(path))) {
		if (!mayInit)
			throw new HoldfastError(
				"repository-not-found",
				`${path} contained archives before and is now missing`,
				{
					subject: path,
					hint: "check that the disk is mounted; to start over, create the folder yourself",
				},
			);
		makeFolder(path)[Symbol.dispose]();
	}
	const { metadata, streams = [], roots } = request;
	requireArchiveName(request.name);
	requireRoomForIndex(
		metadataText(metadata, AT_FIRST),
		[...streams, ...roots].map((one) => one.path),
	);
	const name = PARTIAL + request.name;
	using disk = openFolder(resolvePath(path).path);
	try {
		mkdirSync(disk.at(name), { mode: 0o700 });
	} catch (error) {
		throw diskFault(error, path);
	}
	using partial = enter(disk, name);
	await using enclosure = await closeOff(request.closed ?? [], work.log);
	try {
		const { packArchive, packStreams } = await import("./pack.ts");
		const streamed = await packStreams(streams, partial, level, work);
		const packed = await packArchive(roots, partial, level, work, enclosure);
		const segments = [...streamed, ...packed.segments];
		replaceFile(partial, INDEX, indexText(metadata, segments));
		if (entryIn(disk, request.name))
			throw new HoldfastError("path-occupied", `${path}/${request.name} already exists`, {
				subject: `${path}/${request.name}`,
			});
		renameSync(disk.at(name), disk.at(request.name));
		syncFolder(disk);
		return { ...sizesOf(segments), unreadable: packed.unreadable, unsteady: packed.unsteady };
	} catch (error) {
		await removeIn(disk, name).catch((fault: Error) => work.log(fault.message));
		throw diskFault(error, path);
	}
}

async function writeMetadata(path: string, archive: string, metadata: Metadata): Promise<void> {
	using folder = openArchive(path, archive);
	const { segments } = await readIndex(folder);
	requireAsWritten(folder);
	metadataText(metadata);
	replaceFile(folder, INDEX, indexText(metadata, segments));
}

/** Open the folder of an archive, which must be a folder and not a link. The caller closes it. */
function openArchive(path: string, archive: string): Folder {
	requireArchiveName(archive);
	try {
		return openFolder(`${resolvePath(path).path}/${archive}`);
	} catch (error) {
		if (!isAbsent(error)) throw error;
		throw noArchive(archive, path, error);
	}
}

async function list(path: string): Promise<Archive[]> {
	const entries = await foldersIn(path);
	using disk = openFolder(resolvePath(path).path);
	const found: Archive[] = [];
	await sideBySide(entries, LOOKS, async (entry) => {
		found.push(...(await archiveOf(disk, entry)));
	});
	return oldestFirst(found.sort((a, b) => a.name.localeCompare(b.name)));
}

async function foldersIn(path: string): Promise<Dirent[]> {
	const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
		if (isErrno(error, "ENOENT"))
			throw new HoldfastError("repository-not-found", `${path} does not exist`, {
				subject: path,
				cause: error,
				hint: "check that the disk is mounted; for a new destination, the first create makes the folder",
			});
		throw error;
	});
	return entries.filter((one) => isArchiveName(one.name) && (one.isDirectory() || one.isSymbolicLink()));
}

/** Empty for folders that are not archives: there may be other things on that disk. */
async function archiveOf(disk: Folder, { name }: Dirent): Promise<Archive[]> {
	let folder: Folder;
	try {
		folder = enter(disk, name);
	} catch {
		const leadsToOne = await exists(join(disk.self, name, INDEX)).catch(() => false);
		return leadsToOne ? [{ name, damaged: "it is a symlink, not a folder" }] : [];
	}
	try {
		const look = await lookAt(folder);
		if (look === undefined) return [];
		if (look.index !== undefined) {
			const { metadata, segments } = look.index;
			return [{ name, created: metadata.created, metadata, ...sizesOf(segments) }];
		}
		const written = look.damaged === undefined ? undefined : entryIn(folder, DATA);
		return [{ name, ...look, ...(written ? { created: written.mtime.toISOString() } : {}) }];
	} catch (error) {
		return [{ name, damaged: `it cannot be read: ${wordsOf(error)}` }];
	} finally {
		folder[Symbol.dispose]();
	}
}

/** Reports an archive with a damaged index like one with damaged data, and checks the others anyway. */
async function check(path: string, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	for (const { name: archive, metadata, damaged } of await list(path)) {
		work.signal.throwIfAborted();
		if (damaged !== undefined) problems.push({ archive, message: damaged });
		if (metadata === undefined) continue;
		try {
			using open = openArchive(path, archive);
			const { segments } = await readIndex(open);
			requireAsWritten(open);
			for (const [file, length] of lengthsOf(segments)) {
				const found = entryIn(open, file);
				if (found === undefined) throw new HoldfastError("archive-damaged", `${file} is missing`);
				if (!found.isFile()) throw new HoldfastError("archive-damaged", `${file} is not a regular file`);
				if (found.size < length)
					throw new HoldfastError(
						"archive-damaged",
						`${file} is truncated: ${found.size} of ${length} bytes`,
					);
			}
			if (!full) continue;
			const { verifySegment } = await import("./unpack.ts");
			for (const segment of segments) await verifySegment(open, segment, work);
		} catch (error) {
			work.signal.throwIfAborted();
			problems.push({ archive, message: wordsOf(error) });
		}
	}
	return problems;
}

/** Renames it first, so that an incompletely deleted archive is not listed. */
async function remove(path: string, archives: readonly string[]): Promise<void> {
	using disk = openFolder(resolvePath(path).path);
	for (const archive of archives) {
		requireArchiveName(archive);
		const going = PARTIAL + archive;
		if (entryIn(disk, archive)) renameSync(disk.at(archive), disk.at(going));
		syncFolder(disk);
		await removeIn(disk, going);
	}
}

async function discardPartial(path: string, archive: string): Promise<void> {
	requireArchiveName(archive);
	const { path: target, found } = resolvePath(path);
	if (!found?.isDirectory()) return;
	using disk = openFolder(target);
	await removeIn(disk, PARTIAL + archive);
}

/** Counts whole segments, which is too much for a path below one. */
async function sizeOf(destination: string, archive: string, paths: readonly string[]): Promise<number> {
	using folder = openArchive(destination, archive);
	const { segments } = await readIndex(folder);
	return segments
		.filter((segment) => paths.some((path) => path === segment.path || path.startsWith(`${segment.path}/`)))
		.reduce((sum, { tarBytes }) => sum + tarBytes, 0);
}

async function contents(
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

async function restore(
	destination: string,
	archive: string,
	paths: readonly string[],
	into: Into,
	work: Work,
): Promise<void> {
	using folder = openArchive(destination, archive);
	const { segments } = await readIndex(folder);
	const { unpackSegment, unpackStream } = await import("./unpack.ts");
	await using inside = await into.enter();
	for (const path of paths) {
		const segment = segmentOf(segments, path, archive);
		if (segment.file === undefined) await unpackSegment(folder, segment, path, inside, work);
		else await unpackStream(folder, segment, into.folder, work);
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
