// rsnapshot on removable disks: Clan's "localbackup". snapshots.ts describes the layout on disk.
import { readdirSync, renameSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { closeOff } from "../../host/enclosure.ts";
import { describeEnd, exec } from "../../host/exec.ts";
import {
	exists,
	removeIn,
	removeTree,
	scratchFolder,
	syncFilesystemOf,
	writeSynced,
} from "../../host/files.ts";
import { enter, type Folder, findBelow, openFolder, syncFolder } from "../../host/folder.ts";
import { places } from "../../host/places.ts";
import { folderToClose, makeFolder, resolvePath } from "../../host/trust.ts";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Archive } from "../archive.ts";
import { requireArchiveName } from "../archive-name.ts";
import { outcomesOf, recordsInMetadata } from "../archive-time.ts";
import type { ArchiveRequest, CreateResult, Destination, Work } from "../destination.ts";
import { isFull, rsyncDiskError, TargetFull } from "../disk-error.ts";
import { diskFault } from "../disk-fault.ts";
import { requireDisk } from "../disk-mounted.ts";
import type { Into } from "../into.ts";
import { AT_FIRST } from "../metadata.ts";
import { notHeld } from "../not-held.ts";
import { retain } from "../retention.ts";
import { missingRoots, presentRoots } from "../roots.ts";
import { watchUnsteady } from "../unsteady.ts";
import { check } from "./check.ts";
import { contents } from "./contents.ts";
import { digestOfList, lookupIn, writeDigests } from "./digests.ts";
import { onDisk, runHook } from "./disk.ts";
import { configure, rsnapshot } from "./rsnapshot.ts";
import { filterRules } from "./rules.ts";
import type { LocalbackupOptions } from "./schema.ts";
import { show } from "./show.ts";
import {
	aboutText,
	describeSnapshot,
	numbersIn,
	openFiles,
	requireAsDescribed,
	snapshotOf,
	snapshotsIn,
} from "./snapshots.ts";

const SYNC = ".sync";
/** The same number as in Clan. */
const SNAPSHOTS = 20;

/** How many snapshots a create leaves. With a retention, only prune deletes, also by a stored manifest that has both. */
const mostOf = ({ retention, snapshots = SNAPSHOTS }: LocalbackupOptions) =>
	retention === undefined ? snapshots : Number.POSITIVE_INFINITY;
/** Milliseconds before each retry of deleting what a killed create has left. */
const RSYNC_ENDS = [100, 400, 1_600, 6_400];

export function localbackupDestinations(options: LocalbackupOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, target]) => {
		/** Resolves the folder once the disk is mounted. From there on, no link is followed. */
		const on = <T>(work: Work, use: (directory: string) => Promise<T>, onFault?: (fault: unknown) => void) =>
			onDisk(name, target, work, () => use(resolvePath(target.directory).path), onFault);
		/** What was read is whole, and a restore must not fail over a disk that stays mounted. */
		const reading = <T>(work: Work, use: (directory: string) => Promise<T>) =>
			on(work, use, (fault) => (work.warn ?? work.log)(`${wordsOf(fault)}, after everything was read`));
		return {
			name,
			location: target.directory,
			takesStreams: false,
			detectsDamage: false,
			create: async (request, mayInit, work) => {
				const faults: unknown[] = [];
				const result = await on(
					work,
					async (directory) => {
						// Its own mount point is mounted by now.
						const isAnywhere = target.mountpoint === false ? false : undefined;
						const disk = requireDisk(directory, isAnywhere, request.mount);
						await runHook(name, target, "preBackupHook", work);
						const result = await create(directory, mostOf(options), request, mayInit, work);
						await runHook(name, target, "postBackupHook", work).catch((fault: unknown) => faults.push(fault));
						return { ...result, ...disk };
					},
					(fault) => faults.push(fault),
				);
				return faults.length === 0 ? result : { ...result, afterwards: faults[0] };
			},
			writeMetadata: (archive, metadata, work) =>
				on(
					work,
					async (directory) => {
						const { folder: path, about } = await snapshotOf(directory, archive);
						using folder = openFolder(path);
						requireAsDescribed(folder);
						describeSnapshot(folder, { roots: [], ...about, name: archive, metadata });
					},
					(fault) => work.log(wordsOf(fault)),
				),
			list: (work) => reading(work, list),
			restore: (archive, paths, into, work) =>
				reading(work, (directory) => restore(directory, archive, paths, into, work)),
			sizeOf: (archive, paths, work) =>
				reading(work, async (directory) => {
					let bytes = 0;
					await contents(directory, archive, paths, ({ size = 0 }) => {
						bytes += size;
					});
					return bytes;
				}),
			contents: (archive, paths, tell, work) =>
				reading(work, (directory) => contents(directory, archive, paths, tell)),
			details: (archive, work) =>
				reading(work, async (directory) => {
					let [bytes, files] = [0, 0];
					await contents(directory, archive, ["/"], ({ type, size = 0 }) => {
						bytes += size;
						if (type === "-") files += 1;
					});
					return { bytes, files };
				}),
			check: (full, work) => on(work, (directory) => check(directory, full, work)),
			remove: (archives, work) => on(work, (directory) => remove(directory, archives)),
			mount: (archive, at, mounted, work) =>
				on(work, async (directory) => {
					using files = await openFiles(directory, archive);
					await show(files, at, archive, mounted, work);
				}),
			discardPartial: (_archive, work) => on(work, (directory) => removeHalf(directory, work)),
		} satisfies Destination;
	});
}

/** The rsync of a killed create may go on writing for a moment; what it adds is deleted too. */
async function removeHalf(directory: string, work: Work): Promise<void> {
	using disk = openFolder(directory);
	for (const milliseconds of RSYNC_ENDS)
		try {
			return await removeIn(disk, SYNC);
		} catch {
			await pause(milliseconds, undefined, { signal: work.signal });
		}
	return removeIn(disk, SYNC);
}

async function list(directory: string): Promise<Archive[]> {
	return (await snapshotsIn(directory)).map(({ archive }) => archive).reverse();
}

async function create(
	directory: string,
	most: number,
	request: ArchiveRequest,
	mayInit: boolean,
	work: Work,
): Promise<CreateResult> {
	const { name, metadata, roots } = request;
	requireArchiveName(name);
	aboutText({ name, metadata, roots: roots.map(({ path }) => path) }, AT_FIRST);
	if (!(await exists(directory))) {
		if (!mayInit)
			throw new HoldfastError("repository-not-found", `${directory} existed before and is now missing`, {
				subject: directory,
				hint: "check that the disk is mounted; to start over, create the folder yourself",
			});
		makeFolder(directory)[Symbol.dispose]();
	}
	await access(directory, constants.W_OK).catch((error: unknown) => {
		throw diskFault(error, directory);
	});
	const { there, unreadable } = await presentRoots(roots);
	using disk = openFolder(directory);
	// Files that a killed create has left are shared with the newest snapshot: rsync would change their modes there too.
	await removeHalf(directory, work);
	await using enclosure = await closeOff([...(request.closed ?? []), ...folderToClose(directory)], work.log);
	const scratch = await scratchFolder(join(places().state, "spool"));
	try {
		const { machine } = metadata;
		await writeSynced(join(scratch, "rules"), filterRules(there));
		// One more than exist, so that rsnapshot deletes none: it cannot know which must stay.
		const [oldest = -1] = (await numbersIn(directory)).reverse();
		await configure(scratch, directory, machine, oldest + 2, work.watched);
		const told = { unreadable, watch: watchUnsteady(), roots: new Set(roots.map(({ path }) => path)) };
		await rsnapshot(scratch, "sync", directory, work, told, enclosure);
		using sync = enter(disk, SYNC);
		unreadable.push(
			...missingRoots(there, unreadable, (path) => findBelow(sync, `${machine}${path}`) !== undefined),
		);
		describeSnapshot(sync, {
			name,
			metadata,
			roots: there.map(({ path }) => path),
			files: await digests(disk, sync, machine, work),
		});
		await syncFilesystemOf(sync);
		await rsnapshot(scratch, "snapshot", directory, work, told, enclosure);
		syncFolder(disk);
		// The archive is complete now, whatever happens to older ones.
		const removed = await trim(directory, most, request, work).catch((error: Error) => {
			work.log(`older snapshots could not be removed: ${error.message}`);
			return [];
		});
		return { unreadable, unsteady: told.watch.found, ...(removed.length > 0 ? { removed } : {}) };
	} catch (error) {
		await removeIn(disk, SYNC).catch(() => {});
		throw diskFault(error, directory);
	} finally {
		await removeTree(scratch);
	}
}

/** Write the digests of a new snapshot, with those of unchanged files from the newest one there is. */
async function digests(disk: Folder, sync: Folder, machine: string, work: Work): Promise<string> {
	using files = enter(sync, machine);
	const [newest] = await snapshotsIn(disk.path);
	using last = newest?.about?.files === undefined ? undefined : openFolder(newest.folder);
	const isKnown = last && (await digestOfList(last).catch(() => "")) === newest?.about?.files;
	const before = isKnown ? lookupIn(last, work) : undefined;
	try {
		return await writeDigests(sync, files, before?.at, work);
	} finally {
		await before?.end();
	}
}

/** Delete the oldest archives in excess of the limit, except those that must stay: see retention.ts. */
async function trim(directory: string, most: number, request: ArchiveRequest, work: Work): Promise<string[]> {
	if (most === Number.POSITIVE_INFINITY) return [];
	const { name, metadata } = request;
	const own = (await list(directory)).filter((one) => one.metadata?.machine === metadata.machine);
	const itself = { created: metadata.created, outcomes: outcomesOf(metadata.states) };
	const records = request.records?.(own.map((one) => one.name)) ?? recordsInMetadata(own);
	const known = { ...records, archives: new Map([...records.archives, [name, itself]]) };
	const going = retain(own, { keepLast: most }, known).filter(({ keep }) => !keep);
	for (const { archive } of going) work.log(`remove ${archive.name}: more than ${counted(most, "snapshot")}`);
	const names = going.map(({ archive }) => archive.name);
	await remove(directory, names);
	return names;
}

async function remove(directory: string, archives: readonly string[]): Promise<void> {
	using disk = openFolder(directory);
	for (const { folder, archive } of await snapshotsIn(directory)) {
		if (archive.metadata === undefined || !archives.includes(archive.name)) continue;
		// Renamed first, so that an incompletely deleted archive is not listed.
		const name = basename(folder);
		renameSync(disk.at(name), disk.at(`${name}.removed`));
		syncFolder(disk);
		await removeIn(disk, `${name}.removed`);
	}
	for (const name of readdirSync(disk.self))
		if (/^snapshot\.\d+\.removed$/.test(name)) await removeIn(disk, name);
}

async function restore(
	directory: string,
	archive: string,
	paths: readonly string[],
	into: Into,
	work: Work,
): Promise<void> {
	using files = await openFiles(directory, archive);
	for (const path of paths) if (!findBelow(files, path)) throw notHeld(path, archive);
	await using inside = await into.enter(folderToClose(directory));
	let full = false;
	const result = await exec(
		[
			"rsync",
			"-aHAXS",
			"--numeric-ids",
			"--relative",
			// Comparing only seconds, it would take a folder that it has just created for one with the right time.
			"--modify-window=-1",
			"--",
			...paths.map((path) => `${files.path}/.${path}`),
			`${inside.path}/`,
		],
		{
			signal: work.signal,
			onStdout: work.log,
			onStderr: (line) => {
				work.log(line);
				full ||= isFull(rsyncDiskError(line));
			},
			enclosure: inside.enclosure,
		},
	);
	work.signal.throwIfAborted();
	if (result.code !== 0)
		throw new (full ? TargetFull : HoldfastError)(
			"program-failed",
			`rsync ${describeEnd(result)} while it read ${archive}`,
			{ subject: "rsync", details: result.stderr.slice(-10) },
		);
}
