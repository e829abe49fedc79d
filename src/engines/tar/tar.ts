// The embedded engine: tar for the files, zstd from Node, an index for each archive. Needs only tar.
//
// On disk, below the destination's path, an archive is one folder:
//   NAME/data.tar.zst   one valid tar file in zstd frames; `zstd -dc data.tar.zst | tar -x -C DIR` restores all of it
//   NAME/stream-0.zst   a streamed dump; `zstd -dc stream-0.zst` prints it
//   NAME/index.json     its metadata, and the position of each root's segment in the data
// It is written as `.partial-NAME`, synced, and renamed: a folder with its final name is a complete archive.
import { mkdirSync, renameSync } from "node:fs";
import { closeOff } from "../../host/enclosure.ts";
import { exists, removeIn, replaceFile } from "../../host/files.ts";
import { enter, entryIn, openFolder, syncFolder } from "../../host/folder.ts";
import { makeFolder, resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Metadata } from "../archive.ts";
import { requireArchiveName } from "../archive-name.ts";
import type { ArchiveRequest, CreateResult, Destination, Work } from "../destination.ts";
import { diskFault } from "../disk-fault.ts";
import { requireDisk } from "../disk-mounted.ts";
import { AT_FIRST, metadataText } from "../metadata.ts";
import { check } from "./check.ts";
import { INDEX, indexText, readIndex, requireAsWritten, requireRoomForIndex, sizesOf } from "./index-file.ts";
import { list } from "./list.ts";
import { contents, openArchive, restore, sizeOf } from "./read.ts";
import type { TarOptions } from "./schema.ts";

const PARTIAL = ".partial-";

export function tarDestinations(options: TarOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, { path, mountpoint }]) => ({
		name,
		location: path,
		takesStreams: true,
		tellsPassed: true,
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
		const packed = await packArchive(roots, partial, level, work, enclosure, request.passed);
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
