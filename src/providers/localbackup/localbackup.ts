// rsnapshot on disks that can be taken away: Clan's "localbackup". On the disk, below the target's directory:
//   snapshot.N/MACHINE/…        the files, under the paths that they have on the machine; the newest is snapshot.0
//   snapshot.N/holdfast.json    what the archive says of itself, with its name: N changes with each new one
//   .sync/                      what is being written; renamed to snapshot.0 when it is whole
import { access, constants, lstat, mkdir, readdir, readFile, readlink, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describeEnd, exec, execOk } from "../../host/exec.ts";
import {
	exists,
	privateFolder,
	removeTree,
	scratchFolder,
	syncFilesystem,
	syncPath,
	writeSynced,
} from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { HoldfastError, isErrno } from "../../manifest/error.ts";
import type { LocalbackupOptions } from "../../manifest/providers.ts";
import { diskFault } from "../disk-fault.ts";
import type {
	Archive,
	ArchiveRequest,
	CreateResult,
	Destination,
	Entry,
	Metadata,
	Problem,
	Work,
} from "../provider.ts";
import { retain } from "../retention.ts";
import { presentRoots } from "../roots.ts";
import { onDisk, runHook, type Target } from "./disk.ts";
import { filterRules } from "./rules.ts";

const ABOUT = "holdfast.json";
const SYNC = ".sync";
const SNAPSHOT = /^snapshot\.(\d+)$/;
const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/;
const POLL_MS = 100;
/** As many as Clan keeps. */
const SNAPSHOTS = 20;

export function localbackupDestinations(options: LocalbackupOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, target]) => {
		const on = <T>(work: Work, use: () => Promise<T>) => onDisk(name, target, work, use);
		const { directory } = target;
		return {
			name,
			location: directory,
			capabilities: {
				restoresInto: true,
				streams: false,
				describesItself: true,
				checks: true,
				detectsDamage: false,
				removes: true,
				mounts: true,
			},
			create: (request, fresh, work) =>
				on(work, async () => {
					await runHook(name, target, "preBackupHook", work);
					const result = await create(target, options.snapshots ?? SNAPSHOTS, request, fresh, work);
					await runHook(name, target, "postBackupHook", work);
					return result;
				}),
			describe: (archive, metadata, work) =>
				on(work, async () => {
					const folder = await folderOf(directory, archive);
					await write(folder, { roots: [], ...(await aboutOf(folder)), name: archive, metadata });
				}),
			list: (work) => on(work, () => list(directory)),
			restore: (archive, paths, into, work) => on(work, () => restore(directory, archive, paths, into, work)),
			sizeOf: (archive, paths, work) =>
				on(work, async () => {
					let bytes = 0;
					await contents(directory, archive, paths, ({ size = 0 }) => {
						bytes += size;
					});
					return bytes;
				}),
			contents: (archive, paths, tell, work) => on(work, () => contents(directory, archive, paths, tell)),
			details: (archive, work) =>
				on(work, async () => {
					let [bytes, files] = [0, 0];
					await contents(directory, archive, ["/"], ({ type, size = 0 }) => {
						bytes += size;
						if (type === "-") files += 1;
					});
					return { bytes, files };
				}),
			check: (full, work) => on(work, () => check(directory, full, work)),
			remove: (archives, work) => on(work, () => remove(directory, archives)),
			mount: (archive, at, mounted, work) =>
				on(work, async () => show(await filesOf(directory, archive), at, mounted, work)),
			keys: async () => undefined,
			abandon: (_archive, work) => on(work, () => removeTree(join(directory, SYNC))),
		} satisfies Destination;
	});
}

interface About {
	readonly name: string;
	readonly metadata: Metadata;
	/** What it holds, absolute. */
	readonly roots: readonly string[];
}

async function write(folder: string, about: About): Promise<void> {
	await writeSynced(join(folder, `.${ABOUT}`), JSON.stringify(about));
	await rename(join(folder, `.${ABOUT}`), join(folder, ABOUT));
	await syncPath(folder);
}

async function aboutOf(folder: string): Promise<About | undefined> {
	const text = await readFile(join(folder, ABOUT), "utf8").catch((error: unknown) => {
		if (isErrno(error, "ENOENT")) return undefined;
		throw error;
	});
	return text === undefined ? undefined : (JSON.parse(text) as About);
}

/** The numbers of the snapshots, newest first. */
async function numbersIn(directory: string): Promise<number[]> {
	const names = await readdir(directory).catch((cause: unknown) => {
		if (!isErrno(cause, "ENOENT")) throw cause;
		throw new HoldfastError("failed", `${directory} does not exist`, {
			cause,
			hint: "is the disk mounted? The first create makes the folder",
		});
	});
	return names
		.flatMap((name) => SNAPSHOT.exec(name)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b);
}

/** Every snapshot with its folder, newest first; one that something else made has the name of its folder. */
async function snapshotsIn(directory: string): Promise<{ folder: string; archive: Archive }[]> {
	return Promise.all(
		(await numbersIn(directory)).map(async (number) => {
			const folder = join(directory, `snapshot.${number}`);
			const about = await aboutOf(folder);
			const archive: Archive = about
				? { name: about.name, created: about.metadata.created, metadata: about.metadata }
				: { name: `snapshot.${number}`, created: (await stat(folder)).mtime.toISOString() };
			return { folder, archive };
		}),
	);
}

async function list(directory: string): Promise<Archive[]> {
	return (await snapshotsIn(directory)).map(({ archive }) => archive).reverse();
}

async function folderOf(directory: string, archive: string): Promise<string> {
	if (!NAME.test(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} cannot be an archive's name`);
	const found = (await snapshotsIn(directory)).find((one) => one.archive.name === archive);
	if (found) return found.folder;
	throw new HoldfastError("failed", `there is no archive ${archive} in ${directory}`, {
		hint: "see them with: holdfast list",
	});
}

/** Where an archive's files are: below the one folder of its machine. */
async function filesOf(directory: string, archive: string): Promise<string> {
	const folder = await folderOf(directory, archive);
	const machine = (await aboutOf(folder))?.metadata.machine;
	if (machine !== undefined) return join(folder, machine);
	const [only, ...more] = await readdir(folder);
	if (only !== undefined && more.length === 0) return join(folder, only);
	throw new HoldfastError("failed", `${folder} does not say of which machine its files are`, {
		details: [only, ...more].map((name) => String(name)),
	});
}

async function create(
	{ directory }: Target,
	most: number,
	request: ArchiveRequest,
	fresh: boolean,
	work: Work,
): Promise<CreateResult> {
	if (!NAME.test(request.name))
		throw new HoldfastError("usage", `${JSON.stringify(request.name)} cannot be an archive's name`);
	if (!(await exists(directory))) {
		if (!fresh)
			throw new HoldfastError("failed", `${directory} was there before and is gone`, {
				hint: "is the disk mounted? If it is meant to start anew, make the folder yourself",
			});
		await mkdir(directory, { recursive: true, mode: 0o700 });
	}
	await access(directory, constants.W_OK).catch((error: unknown) => {
		throw diskFault(error, directory);
	});
	const { there, unreadable } = await presentRoots(request.roots);
	const sync = join(directory, SYNC);
	// What a create that died has left shares files with the newest snapshot: rsync would change their modes there too.
	await removeTree(sync);
	const scratch = await scratchFolder(join(places().state, "spool"));
	try {
		const { machine } = request.metadata;
		await writeSynced(join(scratch, "rules"), filterRules(there));
		// One more than there are: rsnapshot itself deletes none. It cannot know which must stay.
		const [oldest = -1] = (await numbersIn(directory)).reverse();
		await writeSynced(join(scratch, "conf"), configOf(directory, scratch, machine, oldest + 2, work.watched));
		await rsnapshot(scratch, "sync", directory, work, unreadable);
		await write(sync, {
			name: request.name,
			metadata: request.metadata,
			roots: there.map(({ path }) => path),
		});
		await syncFilesystem(sync);
		await rsnapshot(scratch, "snapshot", directory, work, unreadable);
		await syncPath(directory);
		// The archive is whole by now, whatever becomes of older ones.
		await trim(directory, most, machine, work).catch((error: Error) => {
			work.log(`older snapshots could not be removed: ${error.message}`);
		});
		return { unreadable };
	} catch (error) {
		await removeTree(sync).catch(() => {});
		throw diskFault(error, directory);
	} finally {
		await removeTree(scratch);
	}
}

/** See rsnapshot(1), CONFIGURATION. With `link_dest` a file whose mode changed is a new one, and older snapshots keep theirs. */
function configOf(
	directory: string,
	scratch: string,
	machine: string,
	retained: number,
	watched: boolean,
): string {
	const rows = [
		["config_version", "1.2"],
		["snapshot_root", `${directory}/`],
		["no_create_root", "1"],
		["cmd_rsync", "/usr/bin/rsync"],
		["cmd_rm", "/bin/rm"],
		["lockfile", join(scratch, "lock")],
		["retain", "snapshot", String(retained)],
		["sync_first", "1"],
		["link_dest", "1"],
		// With less it keeps to itself what rsync says.
		["verbose", "3"],
		["rsync_short_args", "-aHAXS"],
		[
			"rsync_long_args",
			`--numeric-ids --from0 "--filter=merge_${join(scratch, "rules")}"${watched ? " --info=progress2 --no-inc-recursive" : ""}`,
		],
		["backup", "/", `${machine}/`],
	];
	return rows.map((row) => `${row.join("\t")}\n`).join("");
}

async function rsnapshot(
	scratch: string,
	verb: "sync" | "snapshot",
	directory: string,
	work: Work,
	unreadable: { path: string; reason: string }[],
): Promise<void> {
	const said: string[] = [];
	const hear = (line: string) => {
		// rsync's own progress: "    32,768  12%  3.1MB/s    0:00:05".
		const [, bytes, percent] = /^\s*([\d,]+)\s+(\d+)%/.exec(line) ?? [];
		if (bytes !== undefined) {
			const done = Number(bytes.replaceAll(",", ""));
			const part = Number(percent) / 100;
			return work.progress({ bytes: done, ...(part > 0 ? { totalBytes: Math.round(done / part) } : {}) });
		}
		if (/^-*$/.test(line)) return;
		said.push(line);
		work.log(line);
		const fault = /^rsync: .*(?:failed to open|readlink_stat|send_files).*?"(.*?)".*?: (.*)$/.exec(line);
		if (fault) unreadable.push({ path: fault[1] ?? "", reason: fault[2] ?? "" });
	};
	let rest = "";
	const result = await exec(["rsnapshot", "-c", join(scratch, "conf"), verb], {
		signal: work.signal,
		onOutput: (chunk) => {
			const lines = (rest + chunk.toString()).split(/[\r\n]+/);
			rest = lines.pop() ?? "";
			for (const line of lines) hear(line);
		},
		onStderr: hear,
	});
	if (rest !== "") hear(rest);
	work.signal.throwIfAborted();
	// 2: something was left out or had vanished (rsnapshot(1), EXIT VALUES).
	if (result.code === 0 || result.code === 2) return;
	const text = said.join("\n");
	if (result.code === 127)
		throw new HoldfastError("failed", "rsnapshot is not installed", {
			hint: "install it: apt-get install rsnapshot",
		});
	for (const [words, code] of [
		["No space left on device", "ENOSPC"],
		["Read-only file system", "EROFS"],
	] as const)
		if (text.includes(words)) throw diskFault(Object.assign(new Error(said.at(-1)), { code }), directory);
	throw new HoldfastError("failed", `rsnapshot ${describeEnd(result)} in ${directory}`, {
		details: said.slice(-10),
	});
}

/** Let the oldest go beyond as many as are to be kept; what must stay is said in retention.ts. */
async function trim(directory: string, most: number, machine: string, work: Work): Promise<void> {
	const own = (await list(directory)).filter(({ metadata }) => metadata?.machine === machine);
	const going = retain(own, { keepLast: most }).filter(({ keep }) => !keep);
	for (const { archive } of going) work.log(`remove ${archive.name}: more than ${most} snapshots`);
	await remove(
		directory,
		going.map(({ archive }) => archive.name),
	);
}

async function remove(directory: string, archives: readonly string[]): Promise<void> {
	for (const { folder, archive } of await snapshotsIn(directory)) {
		if (!archives.includes(archive.name)) continue;
		// Renamed first: what is deleted by half is no archive.
		const going = `${folder}.removed`;
		await rename(folder, going);
		await syncPath(directory);
		await removeTree(going);
	}
	for (const name of await readdir(directory))
		if (/^snapshot\.\d+\.removed$/.test(name)) await removeTree(join(directory, name));
}

async function restore(
	directory: string,
	archive: string,
	paths: readonly string[],
	into: string,
	work: Work,
): Promise<void> {
	const files = await filesOf(directory, archive);
	for (const path of paths)
		if (!(await exists(files + path)))
			throw new HoldfastError("failed", `${path} is not in the archive ${archive}`);
	const result = await exec(
		[
			"rsync",
			"-aHAXS",
			"--numeric-ids",
			"--relative",
			"--",
			...paths.map((path) => `${files}/.${path}`),
			`${into}/`,
		],
		{ signal: work.signal, onStdout: work.log, onStderr: work.log },
	);
	work.signal.throwIfAborted();
	if (result.code !== 0)
		throw new HoldfastError("failed", `rsync ${describeEnd(result)} while it read ${archive}`, {
			details: result.stderr.slice(-10),
		});
}

async function contents(
	directory: string,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
): Promise<void> {
	const files = await filesOf(directory, archive);
	const linked = new Set<number>();
	const visit = async (path: string): Promise<void> => {
		const found = await lstat(files + path).catch((cause: unknown) => {
			throw new HoldfastError("failed", `${path} is not in the archive ${archive}`, { cause });
		});
		// The program that listens makes it anew; no other engine stores one.
		if (found.isSocket()) return;
		const further = found.isFile() && found.nlink > 1 && linked.has(found.ino);
		linked.add(found.ino);
		tell({
			path,
			type: letterOf(found),
			mode: found.mode & 0o7777,
			uid: found.uid,
			gid: found.gid,
			size: further ? undefined : found.isFile() ? found.size : 0,
			mtime: found.mtimeMs,
			...(found.isSymbolicLink() ? { link: await readlink(files + path) } : {}),
		});
		if (found.isDirectory())
			for (const name of await readdir(files + path))
				await visit(path === "/" ? `/${name}` : `${path}/${name}`);
	};
	for (const path of paths) await visit(path);
}

function letterOf(stat: Awaited<ReturnType<typeof lstat>>): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}

/** rsnapshot keeps no checksums: what can be seen is a disk that does not give back what it holds. */
async function check(directory: string, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	for (const { folder } of await snapshotsIn(directory)) {
		work.signal.throwIfAborted();
		const about = await aboutOf(folder);
		if (about === undefined) continue;
		const { name, metadata, roots } = about;
		for (const path of roots)
			if (!(await exists(join(folder, metadata.machine, path))))
				problems.push({ archive: name, message: `${path} is not there` });
		if (!full) continue;
		const end = await exec(["tar", "--create", "--file=-", `--directory=${folder}`, "."], {
			signal: work.signal,
			onOutput: () => {},
			onStderr: (line) => {
				if (/Cannot|error/i.test(line)) problems.push({ archive: name, message: line });
			},
		});
		if (end.code !== 0 && end.code !== 1 && !problems.some((one) => one.archive === name))
			problems.push({ archive: name, message: `cannot be read: tar ${describeEnd(end)}` });
	}
	return problems;
}

/** The files themselves, read-only, at another place. */
async function show(files: string, at: string, mounted: () => void, work: Work): Promise<void> {
	await privateFolder(at);
	await execOk(["mount", "--bind", files, at], { doing: `show ${files} at ${at}` });
	try {
		await execOk(["mount", "-o", "remount,bind,ro", at], { doing: `make ${at} read-only` });
		mounted();
		while (!work.signal.aborted) await pause(POLL_MS);
	} finally {
		const end = await exec(["umount", at]);
		if (end.code !== 0) await exec(["umount", "--lazy", at]);
	}
}
