// BorgBackup 1.2 and later. What an archive says of itself is in its comment, so that listing never opens one.
import { HoldfastError } from "../../manifest/error.ts";
import type { BorgOptions } from "../../manifest/providers.ts";
import { absolutePatterns } from "../exclude.ts";
import { modeOf } from "../mode.ts";
import { whileMounted } from "../mount.ts";
import type {
	Archive,
	ArchiveRequest,
	CreateResult,
	Destination,
	Details,
	Entry,
	Metadata,
	Problem,
	Work,
} from "../provider.ts";
import { type BorgDestination, BorgFault, borg, borgJson } from "./borg.ts";
import { keepComments, knownComments } from "./comments.ts";
import { openStreams } from "./streams.ts";

const MARK = "holdfast:";

export function borgDestinations(options: BorgOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, destination]) => ({
		name,
		location: destination.repo,
		capabilities: {
			restoresInto: true,
			streams: true,
			describesItself: true,
			checks: true,
			detectsDamage: true,
			removes: true,
			mounts: true,
		},
		create: (request, fresh, work) =>
			create(destination, options.compression ?? "auto,zstd", request, fresh, work),
		describe: async (archive, metadata, work) => {
			await borg(
				destination,
				"recreate",
				["--comment", comment(metadata), archiveName(destination, archive)],
				work,
			);
		},
		list: (work) => list(destination, work),
		restore: (archive, paths, into, work) => restore(destination, archive, paths, into, work),
		sizeOf: (archive, paths, work) => sizeOf(destination, archive, paths, work),
		contents: (archive, paths, tell, work) => contents(destination, archive, paths, tell, work),
		details: (archive, work) => details(destination, archive, work),
		check: (full, work) => check(destination, full, work),
		remove: (archives, work) => remove(destination, archives, work),
		mount: (archive, at, mounted, work) => mount(destination, archive, at, mounted, work),
		keys: (work) => keys(destination, work),
		// borg's own transactions drop what a dead create wrote; its lock falls with its process on this host.
		abandon: async () => {},
	}));
}

function archiveName(destination: BorgDestination, archive: string): string {
	if (!/^[^/\s:]([^/\n]*[^/\s])?$/.test(archive) || archive.includes("::"))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} cannot be a borg archive's name`);
	return `${destination.repo}::${archive}`;
}

/** borg expands {placeholders} in comments; a doubled brace stands for itself. */
function comment(metadata: Metadata): string {
	return (MARK + JSON.stringify(metadata)).replaceAll("{", "{{").replaceAll("}", "}}");
}

async function create(
	destination: BorgDestination,
	compression: string,
	request: ArchiveRequest,
	fresh: boolean,
	work: Work,
): Promise<CreateResult> {
	const unreadable: { path: string; reason: string }[] = [];
	const streams = await openStreams(request, work);
	const words = [
		...(streams.special ? ["--read-special"] : []),
		"--json",
		"--progress",
		`--compression=${compression}`,
		"--comment",
		comment(request.metadata),
		...request.roots.flatMap((root) =>
			absolutePatterns(root.path, root.exclude).map((pattern) => `--exclude=sh:${pattern}`),
		),
		"--",
		archiveName(destination, request.name),
		...(request.streams ?? []).map(({ path }) => path.slice(1)),
		...request.roots.map((root) => root.path.slice(1)),
	];
	const attempt = () =>
		borg(
			destination,
			"create",
			words,
			{ ...work, signal: streams.signal },
			{
				once: streams.special,
				onMessage: (message) => {
					if (message.type === "archive_progress" && !message.finished)
						work.progress({
							...(message.original_size === undefined ? {} : { bytes: message.original_size }),
							...(message.nfiles === undefined ? {} : { files: message.nfiles }),
							...(message.path ? { path: `/${message.path}` } : {}),
						});
					// "PATH: open: [Errno 13] Permission denied: 'NAME'": the file is not in the archive.
					const fault = /^(.*?): (?:\w+: )?(\[Errno \d+\].*)$/.exec(message.message ?? "");
					if (message.levelname === "WARNING" && fault)
						unreadable.push({
							path: `/${(fault[1] ?? "").replace(/^\//, "")}`,
							reason: fault[2] ?? "",
						});
				},
			},
		);
	const end = await streams.during(() =>
		attempt().catch(async (error: unknown) => {
			if (!(error instanceof BorgFault)) throw error;
			// An empty folder, such as a new disk's, is no repository yet; borg makes one there, and only there.
			if (error.msgid === "Repository.InvalidRepository" && fresh) {
				await initialise(destination, work).catch(() => {
					throw error;
				});
				return attempt();
			}
			if (error.msgid !== "Repository.DoesNotExist") throw error;
			if (!fresh)
				throw new HoldfastError("failed", `the repository ${destination.repo} was there before and is gone`, {
					cause: error,
					hint: "is the disk mounted? To start anew: borg init it yourself, then create again",
				});
			await initialise(destination, work);
			return attempt();
		}),
	);
	const { archive } = JSON.parse(end.stdout) as {
		archive: { id: string; stats: { original_size: number; deduplicated_size: number; nfiles: number } };
	};
	const known = await knownComments(destination.repo);
	await keepComments(destination.repo, { ...known, [archive.id]: MARK + JSON.stringify(request.metadata) });
	return {
		bytes: archive.stats.original_size,
		storedBytes: archive.stats.deduplicated_size,
		files: archive.stats.nfiles,
		unreadable,
	};
}

async function initialise(destination: BorgDestination, work: Work): Promise<void> {
	const encrypted = destination.passphraseFile !== undefined || destination.passphraseCommand !== undefined;
	const encryption = destination.encryption ?? (encrypted ? "repokey" : "none");
	work.log(`creating the repository ${destination.repo} (encryption ${encryption})`);
	await borg(
		destination,
		"init",
		["--make-parent-dirs", `--encryption=${encryption}`, destination.repo],
		work,
	);
}

interface BorgList {
	readonly archives: readonly {
		readonly id: string;
		readonly name: string;
		readonly start: string;
		readonly comment?: string;
	}[];
}

async function list(destination: BorgDestination, work: Work): Promise<Archive[]> {
	const { repo } = destination;
	const ask = async (...format: string[]) =>
		(await borgJson<BorgList>(destination, "list", ["--json", ...format, repo], work)).archives;
	let comments = await knownComments(repo);
	let archives = Object.keys(comments).length === 0 ? undefined : await ask();
	if (archives === undefined || archives.some(({ id }) => comments[id] === undefined)) {
		archives = await ask("--format={comment}");
		comments = Object.fromEntries(archives.map(({ id, comment = "" }) => [id, comment]));
		await keepComments(repo, comments);
	}
	return archives
		.filter(({ name }) => !/\.checkpoint(\.\d+)?$/.test(name))
		.map(({ id, name, start }) => {
			const metadata = readComment(comments[id] ?? "");
			// borg's times are local and have no offset.
			return {
				name,
				created: metadata?.created ?? new Date(start).toISOString(),
				...(metadata ? { metadata } : {}),
			};
		});
}

async function sizeOf(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	work: Work,
): Promise<number> {
	const { stdout } = await borg(
		destination,
		"list",
		["--format={size}{NL}", "--", archiveName(destination, archive), ...paths.map((path) => path.slice(1))],
		work,
		{ reads: true },
	);
	return stdout.split("\n").reduce((sum, size) => sum + Number(size), 0);
}

async function details(destination: BorgDestination, archive: string, work: Work): Promise<Details> {
	const { archives } = await borgJson<BorgInfo>(
		destination,
		"info",
		["--json", archiveName(destination, archive)],
		work,
	);
	const [info] = archives;
	if (!info) return {};
	return {
		bytes: info.stats.original_size,
		storedBytes: info.stats.deduplicated_size,
		files: info.stats.nfiles,
		seconds: info.duration,
	};
}

interface BorgInfo {
	readonly archives: readonly {
		readonly duration: number;
		readonly stats: {
			readonly original_size: number;
			readonly deduplicated_size: number;
			readonly nfiles: number;
		};
	}[];
}

/** Without `--verify-data` borg looks at the checksum of each segment, and that every chunk of every archive is there. */
async function check(destination: BorgDestination, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	const end = await borg(destination, "check", [...(full ? ["--verify-data"] : []), destination.repo], work, {
		onMessage: ({ type, levelname, message }) => {
			if (type === "log_message" && (levelname === "ERROR" || levelname === "WARNING") && message)
				problems.push({ message });
		},
	});
	if (end.code === 0) return [];
	return problems.length > 0 ? problems : [{ message: "borg check found errors" }];
}

/** In an append-only repository this takes effect once its owner compacts it. */
async function remove(destination: BorgDestination, archives: readonly string[], work: Work): Promise<void> {
	const there = new Set((await list(destination, work)).map(({ name }) => name));
	const names = archives.filter((name) => there.has(name));
	for (const name of names) archiveName(destination, name);
	if (names.length > 0) await borg(destination, "delete", [destination.repo, ...names], work);
	await borg(destination, "compact", [destination.repo], work);
}

/** With it and the passphrase the repository can be read, should it lose its own copy; `borg key import --paper`. */
async function keys(destination: BorgDestination, work: Work): Promise<string | undefined> {
	const { encryption } = await borgJson<{ encryption: { mode: string } }>(
		destination,
		"info",
		["--json", destination.repo],
		work,
	);
	if (encryption.mode === "none") return undefined;
	return (await borg(destination, "key", ["export", "--paper", destination.repo], work)).stdout;
}

async function mount(
	destination: BorgDestination,
	archive: string,
	at: string,
	mounted: () => void,
	work: Work,
): Promise<void> {
	await whileMounted(at, mounted, work, (signal) =>
		borg(destination, "mount", ["--foreground", archiveName(destination, archive), at], { ...work, signal }),
	);
}

interface BorgItem {
	readonly type: string;
	readonly mode: string;
	readonly uid: number;
	readonly gid: number;
	readonly size: number;
	/** Local time, without an offset. */
	readonly mtime: string;
	readonly linktarget: string;
	readonly path: string;
}

async function contents(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	const { stdout } = await borg(
		destination,
		"list",
		[
			"--json-lines",
			"--format={type}{mode}{uid}{gid}{size}{mtime}{linktarget}{path}",
			"--",
			archiveName(destination, archive),
			...paths.map((path) => path.slice(1)),
		],
		work,
		{ reads: true },
	);
	for (const line of stdout.split("\n")) {
		if (line === "") continue;
		const item = JSON.parse(line) as BorgItem;
		const further = item.type === "h" || (item.type === "-" && item.linktarget !== "");
		tell({
			path: `/${item.path}`,
			type: item.type === "h" ? "-" : item.type,
			mode: modeOf(item.mode),
			uid: item.uid,
			gid: item.gid,
			size: further ? undefined : item.size,
			mtime: new Date(item.mtime).getTime(),
			...(item.type === "l" ? { link: item.linktarget } : {}),
		});
	}
}

function readComment(text: string): Metadata | undefined {
	if (!text.startsWith(MARK)) return undefined;
	try {
		return JSON.parse(text.slice(MARK.length)) as Metadata;
	} catch {
		return undefined;
	}
}

async function restore(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	into: string,
	work: Work,
): Promise<void> {
	const faults: string[] = [];
	const end = await borg(
		destination,
		"extract",
		[
			// For it borg reads all of the archive's list twice.
			...(work.watched ? ["--progress"] : []),
			"--sparse",
			"--",
			archiveName(destination, archive),
			...paths.map((path) => path.slice(1)),
		],
		work,
		{
			cwd: into,
			reads: true,
			onMessage: (message) => {
				if (message.type === "progress_percent" && message.total)
					work.progress({ bytes: message.current ?? 0, totalBytes: message.total });
				if (message.type === "log_message" && message.levelname === "WARNING" && message.message)
					faults.push(message.message);
			},
		},
	);
	if (end.code === 1)
		throw new HoldfastError("failed", `borg could not restore all of ${paths.join(", ")} from ${archive}`, {
			details: faults.slice(0, 20),
		});
}
