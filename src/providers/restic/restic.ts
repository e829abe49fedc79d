// restic 0.14 and later. An archive is one snapshot of the folders, and one more for each stream (restic reads one from
// its standard input, for a snapshot of its own). Tags bind them:
//   holdfast=NAME          the snapshot of the folders; written last, so that an archive is listed when it is whole
//   holdfast-about=…       on that snapshot, what the archive says of itself
//   holdfast-part=NAME     a stream of that archive
import { chmod, lstat } from "node:fs/promises";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { sideBySide } from "../../host/side-by-side.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { ResticOptions } from "../../manifest/providers.ts";
import { absolutePatterns } from "../exclude.ts";
import { whileMounted } from "../mount.ts";
import {
	type Archive,
	type ArchiveRequest,
	type CreateResult,
	type Destination,
	type Entry,
	type Metadata,
	type Problem,
	STREAMS_AHEAD,
	type Work,
} from "../provider.ts";
import { presentRoots } from "../roots.ts";
import { listSnapshot } from "./contents.ts";
import { type ResticDestination, ResticFault, restic } from "./run.ts";

const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/;
const ARCHIVE = "holdfast=";
const ABOUT = "holdfast-about=";
const PART = "holdfast-part=";
/** Parts without an archive are left by a create that died; younger ones may belong to one that still runs. */
const ORPHAN_MS = 7 * 86_400_000;

export function resticDestinations(options: ResticOptions): Destination[] {
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
		create: (request, fresh, work) => create(destination, options, request, fresh, work),
		describe: (archive, metadata, work) => describe(destination, archive, metadata, work),
		list: (work) => list(destination, work),
		restore: (archive, paths, into, work) => restore(destination, archive, paths, into, work),
		sizeOf: (archive, paths, work) => sizeOf(destination, archive, paths, work),
		contents: (archive, paths, tell, work) => contents(destination, archive, paths, tell, work),
		details: async (archive, work) => {
			const { main, parts } = await snapshotsOf(destination, archive, work);
			const { stdout } = await restic(
				destination,
				["stats", "--json", "--", main.id, ...parts.map(({ id }) => id)],
				work,
				{
					noLock: true,
				},
			);
			const { total_size, total_file_count } = JSON.parse(stdout) as {
				total_size: number;
				total_file_count: number;
			};
			return { bytes: total_size, files: total_file_count };
		},
		check: (full, work) => check(destination, full, work),
		remove: (archives, work) => remove(destination, archives, work),
		mount: (archive, at, mounted, work) => mount(destination, archive, at, mounted, work),
		keys: async () => undefined,
		abandon: (archive, work) => abandon(destination, archive, work),
	}));
}

interface Snapshot {
	readonly id: string;
	readonly short_id: string;
	readonly time: string;
	readonly hostname: string;
	readonly paths: readonly string[];
	readonly tags?: readonly string[] | null;
}

const tagOf = ({ tags }: Snapshot, start: string) =>
	tags?.find((tag) => tag.startsWith(start))?.slice(start.length);

/** A tag cannot hold a comma, and people look at tags: short, and of letters only. */
function aboutTag(metadata: Metadata): string {
	return ABOUT + deflateRawSync(JSON.stringify(metadata)).toString("base64url");
}

function readAbout(snapshot: Snapshot): Metadata | undefined {
	const text = tagOf(snapshot, ABOUT);
	if (text === undefined) return undefined;
	try {
		return JSON.parse(inflateRawSync(Buffer.from(text, "base64url")).toString("utf8")) as Metadata;
	} catch {
		return undefined;
	}
}

function requireName(archive: string): void {
	if (!NAME.test(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} cannot be an archive's name`);
}

async function snapshots(
	destination: ResticDestination,
	work: Work,
	tags: readonly string[] = [],
): Promise<Snapshot[]> {
	const { stdout } = await restic(
		destination,
		["snapshots", "--json", ...tags.map((tag) => `--tag=${tag}`)],
		work,
		{ noLock: true },
	);
	return (JSON.parse(stdout) as Snapshot[] | null) ?? [];
}

async function snapshotsOf(destination: ResticDestination, archive: string, work: Work) {
	requireName(archive);
	const all = await snapshots(destination, work, [ARCHIVE + archive, PART + archive]);
	// Made by something else: it has the name that restic shows.
	const main =
		all.find((one) => tagOf(one, ARCHIVE) === archive) ??
		(await snapshots(destination, work)).find(({ short_id }) => short_id === archive);
	if (!main)
		throw new HoldfastError("failed", `there is no archive ${archive} in ${destination.repo}`, {
			hint: "see them with: holdfast list",
		});
	return { main, parts: all.filter((one) => tagOf(one, PART) === archive) };
}

async function create(
	destination: ResticDestination,
	{ compression }: ResticOptions,
	request: ArchiveRequest,
	fresh: boolean,
	work: Work,
): Promise<CreateResult> {
	requireName(request.name);
	if (fresh) await initialise(destination, work);
	const { streams = [], metadata, name } = request;
	const common = [
		"--json",
		`--host=${metadata.machine}`,
		...(compression ? [`--compression=${compression}`] : []),
	];
	const failed = new AbortController();
	const own: Work = { ...work, signal: AbortSignal.any([work.signal, failed.signal]) };
	let fault: unknown;
	try {
		const sizes = { bytes: 0, storedBytes: 0, files: 0 };
		const add = (message: Record<string, unknown>) => {
			if (message.message_type !== "summary") return;
			sizes.bytes += Number(message.total_bytes_processed);
			sizes.storedBytes += Number(message.data_added);
			sizes.files += Number(message.total_files_processed);
		};
		await sideBySide(streams, STREAMS_AHEAD, async ({ path, open }) => {
			try {
				await restic(
					destination,
					["backup", ...common, `--tag=${PART}${name}`, "--stdin", `--stdin-filename=${path}`],
					own,
					{ input: await open(own.signal), onJson: add },
				);
			} catch (error) {
				fault ??= error;
				failed.abort();
				throw error;
			}
		});
		const { there, unreadable } = await presentRoots(request.roots);
		await restic(
			destination,
			[
				"backup",
				...common,
				`--tag=${ARCHIVE}${name}`,
				`--tag=${aboutTag(metadata)}`,
				...request.roots.flatMap((root) =>
					absolutePatterns(root.path, root.exclude).map((pattern) => `--exclude=/${escapedAnew(pattern)}`),
				),
				"--files-from-raw=-",
			],
			work,
			{
				input: there.map(({ path }) => `${path}\0`).join(""),
				accept: [3],
				onJson: (message) => {
					add(message);
					if (message.message_type === "status")
						work.progress({
							bytes: Number(message.bytes_done ?? 0),
							...(message.total_bytes === undefined ? {} : { totalBytes: Number(message.total_bytes) }),
							files: Number(message.files_done ?? 0),
						});
					if (message.message_type === "error") unreadable.push(unreadableOf(message));
				},
			},
		);
		return { ...sizes, unreadable };
	} catch (error) {
		if (streams.length > 0)
			await abandon(destination, name, { ...work, signal: new AbortController().signal }).catch(() => {});
		work.signal.throwIfAborted();
		if (!fresh && error instanceof ResticFault && error.kind === "missing")
			throw new HoldfastError("failed", `the repository ${destination.repo} was there before and is gone`, {
				cause: error,
				hint: "is the disk mounted? To start anew: restic init it yourself, then create again",
			});
		throw fault ?? error;
	}
}

function unreadableOf({ item, error }: Record<string, unknown>) {
	const reason = (error as { message?: string } | undefined)?.message ?? JSON.stringify(error);
	return { path: String(item), reason };
}

/** Make the repository when there is none. */
async function initialise(destination: ResticDestination, work: Work): Promise<void> {
	const missing = await restic(destination, ["cat", "config"], work, { noLock: true }).then(
		() => false,
		(error: unknown) => {
			if (error instanceof ResticFault && error.kind === "missing") return true;
			throw error;
		},
	);
	if (!missing) return;
	work.log(`creating the repository ${destination.repo}`);
	await restic(destination, ["init"], work);
}

async function describe(
	destination: ResticDestination,
	archive: string,
	metadata: Metadata,
	work: Work,
): Promise<void> {
	const { main } = await snapshotsOf(destination, archive, work);
	await restic(
		destination,
		["tag", `--set=${ARCHIVE}${archive}`, `--set=${aboutTag(metadata)}`, "--", main.id],
		work,
	);
}

async function list(destination: ResticDestination, work: Work): Promise<Archive[]> {
	return (await snapshots(destination, work))
		.filter((snapshot) => tagOf(snapshot, PART) === undefined)
		.map((snapshot) => {
			const metadata = readAbout(snapshot);
			return {
				name: tagOf(snapshot, ARCHIVE) ?? snapshot.short_id,
				created: metadata?.created ?? new Date(snapshot.time).toISOString(),
				...(metadata ? { metadata } : {}),
			};
		})
		.sort((a, b) => a.created.localeCompare(b.created));
}

/** Go's patterns (pkg.go.dev/path/filepath#Match) have no `[]]`: a character that stands for itself has a backslash. */
const escapedAnew = (pattern: string) =>
	pattern.replace(/\[(?:([*?[\]])|\\\\)\]/g, (_, character = "\\") => `\\${character}`);

/** What restic takes for a pattern in `--include`, as the path itself. */
const literally = (path: string) => path.replace(/[\\*?[\]]/g, "\\$&");

async function restore(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	into: string,
	work: Work,
): Promise<void> {
	const { main, parts } = await snapshotsOf(destination, archive, work);
	const partOf = (path: string) => parts.find((part) => part.paths.includes(path));
	const folders = paths.filter((path) => partOf(path) === undefined);
	if (folders.length > 0) await extract(destination, main, folders, into, work);
	for (const path of paths) {
		const part = partOf(path);
		if (!part) continue;
		await extract(destination, part, [path], into, work);
		// Of what came from its standard input restic keeps no mode.
		await chmod(into + path, 0o600);
	}
	// restic says that all went well when nothing in the snapshot was asked for.
	for (const path of paths)
		await lstat(into + path).catch(() => {
			throw new HoldfastError("failed", `${path} is not in the archive ${archive}`);
		});
}

async function extract(
	destination: ResticDestination,
	{ id }: Snapshot,
	paths: readonly string[],
	into: string,
	work: Work,
): Promise<void> {
	const words = [
		"restore",
		`--target=${into}`,
		...paths.map((path) => `--include=${literally(path)}`),
		"--",
		id,
	];
	await restic(destination, words, work, { reads: true });
}

async function contents(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	const { main, parts } = await snapshotsOf(destination, archive, work);
	for (const { id } of [main, ...parts.filter((part) => part.paths.some((path) => paths.includes(path)))])
		await listSnapshot(destination, id, paths, tell, work);
}

async function sizeOf(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	work: Work,
): Promise<number> {
	let bytes = 0;
	await contents(
		destination,
		archive,
		paths,
		({ size = 0 }) => {
			bytes += size;
		},
		work,
	);
	return bytes;
}

async function check(destination: ResticDestination, full: boolean, work: Work): Promise<Problem[]> {
	try {
		await restic(destination, ["check", ...(full ? ["--read-data"] : [])], work);
		return [];
	} catch (error) {
		if (!(error instanceof ResticFault) || error.kind !== "damaged") throw error;
		return error.details.filter((line) => line.trim() !== "").map((message) => ({ message }));
	}
}

/** Archives of their names, and what creates that died long ago have left. */
async function remove(
	destination: ResticDestination,
	archives: readonly string[],
	work: Work,
): Promise<void> {
	const all = await snapshots(destination, work);
	const going = new Set(archives);
	const whole = new Set(all.map((one) => tagOf(one, ARCHIVE)));
	const main = all.filter((one) => going.has(tagOf(one, ARCHIVE) ?? ""));
	const parts = all.filter((one) => {
		const archive = tagOf(one, PART);
		if (archive === undefined) return false;
		return going.has(archive) || (!whole.has(archive) && Date.now() - Date.parse(one.time) > ORPHAN_MS);
	});
	// The folders first: an archive is gone with them, and never listed without its streams.
	for (const some of [main, parts]) await forget(destination, some, work);
	await restic(destination, ["prune"], work);
}

async function abandon(destination: ResticDestination, archive: string, work: Work): Promise<void> {
	const all = await snapshots(destination, work, [ARCHIVE + archive, PART + archive]);
	if (all.some((one) => tagOf(one, ARCHIVE) === archive)) return;
	await forget(destination, all, work);
}

async function forget(destination: ResticDestination, some: readonly Snapshot[], work: Work): Promise<void> {
	if (some.length > 0) await restic(destination, ["forget", "--", ...some.map(({ id }) => id)], work);
}

async function mount(
	destination: ResticDestination,
	archive: string,
	at: string,
	mounted: () => void,
	work: Work,
): Promise<void> {
	await snapshotsOf(destination, archive, work);
	await whileMounted(at, mounted, work, (signal) =>
		restic(destination, ["mount", `--tag=${ARCHIVE}${archive}`, `--tag=${PART}${archive}`, "--", at], {
			...work,
			signal,
		}),
	);
}
