// Writes an archive: first a snapshot for each stream, then that of the folders, which makes it listed.

import { lstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { requireVisible } from "../../host/secret.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { HoldfastError } from "../../values/error.ts";
import { shellLine, shellWord } from "../../values/shell.ts";
import { requireArchiveName } from "../archive-name.ts";
import {
	type ArchiveRequest,
	type CreateResult,
	type Progress,
	type Root,
	STREAMS_AHEAD,
	type Work,
} from "../destination.ts";
import { requireDiskOf } from "../disk-mounted.ts";
import { innerRoots } from "../exclude.ts";
import { AT_FIRST } from "../metadata.ts";
import { missingRoots, presentRoots } from "../roots.ts";
import { watchUnsteady } from "../unsteady.ts";
import { archivesIn } from "./archives.ts";
import { resticExcludes } from "./exclude.ts";
import { ResticFault } from "./faults.ts";
import { restic } from "./run.ts";
import type { ResticDestination, ResticOptions } from "./schema.ts";
import { ARCHIVE, aboutTag, forget, PART, snapshots } from "./snapshots.ts";
import { unreadableOf } from "./unreadable.ts";

const summarySchema = v.object({
	message_type: v.literal("summary"),
	total_bytes_processed: v.number(),
	data_added: v.number(),
	total_files_processed: v.number(),
	snapshot_id: v.optional(v.string()),
});
const statusSchema = v.object({
	message_type: v.literal("status"),
	bytes_done: v.optional(v.number(), 0),
	total_bytes: v.exactOptional(v.number()),
	files_done: v.optional(v.number(), 0),
});

/** A file that was read completely. */
const readSchema = v.object({
	message_type: v.literal("verbose_status"),
	action: v.picklist(["new", "modified"]),
	item: v.string(),
	/** Seconds. */
	duration: v.number(),
});

export async function create(
	destination: ResticDestination,
	{ compression }: ResticOptions,
	request: ArchiveRequest,
	mayInit: boolean,
	work: Work,
): Promise<CreateResult> {
	const disk =
		destination.repoFile === undefined
			? requireDiskOf(destination.repo, destination.mountpoint, request.mount)
			: {};
	requireArchiveName(request.name);
	const about = aboutTag(request.metadata, AT_FIRST);
	if (mayInit) await initialise(destination, work);
	const { streams = [], metadata, name } = request;
	const words = [
		"--json",
		`--host=${metadata.machine}`,
		...(compression ? [`--compression=${compression}`] : []),
	];
	const written = countWritten();
	try {
		await writeStreams(destination, request, words, written, work);
		const told = await writeFolders(destination, request, [...words, `--tag=${about}`], written, work);
		return { ...written.sizes, ...disk, ...told };
	} catch (error) {
		if (streams.length > 0)
			await discardPartial(destination, name, { ...work, signal: new AbortController().signal }).catch(
				() => {},
			);
		work.signal.throwIfAborted();
		if (!mayInit && error instanceof ResticFault && error.code === "repository-not-found")
			throw new HoldfastError(
				"repository-not-found",
				`the repository ${destination.repo} existed before and is now missing`,
				{
					subject: destination.repo,
					cause: error,
					hint: `check that the disk is mounted; to start over, create a new one with: ${initLine(destination)}`,
				},
			);
		throw error;
	}
}

/** For a shell. restic asks for a passphrase that is in a credential. */
function initLine(destination: ResticDestination): string {
	const { repo, repoFile, environmentFile, options = [], passphraseFile, passphraseCommand } = destination;
	const secret =
		passphraseFile !== undefined
			? ["--password-file", passphraseFile]
			: passphraseCommand === undefined
				? []
				: ["--password-command", shellLine(passphraseCommand)];
	const place = repoFile === undefined ? ["--repo", repo] : ["--repository-file", repoFile];
	const words = ["restic", "init", ...place, ...secret, ...options.flatMap((one) => ["--option", one])];
	const variables = environmentFile === undefined ? "" : `set -a; . ${shellWord(environmentFile)}; `;
	return variables + shellLine(words);
}

/** Adds up what restic reports of each snapshot that it has written. */
function countWritten() {
	const sizes = { bytes: 0, storedBytes: 0, files: 0 };
	let snapshot: string | undefined;
	return {
		sizes,
		add(message: Record<string, unknown>) {
			if (!v.is(summarySchema, message)) return;
			sizes.bytes += message.total_bytes_processed;
			sizes.storedBytes += message.data_added;
			sizes.files += message.total_files_processed;
			snapshot = message.snapshot_id;
		},
		/** The last one that was written. */
		lastSnapshot: () => snapshot,
	};
}
type Written = ReturnType<typeof countWritten>;

/** One snapshot for each stream. When one fails, the others are ended. */
async function writeStreams(
	destination: ResticDestination,
	{ streams = [], name }: ArchiveRequest,
	words: readonly string[],
	written: Written,
	work: Work,
): Promise<void> {
	const failed = new AbortController();
	const own: Work = { ...work, signal: AbortSignal.any([work.signal, failed.signal]) };
	await sideBySide(streams, STREAMS_AHEAD, async ({ path, open }) => {
		try {
			await restic(
				destination,
				["backup", ...words, `--tag=${PART}${name}`, "--stdin", `--stdin-filename=${path}`],
				own,
				{ input: await open(own.signal), onJson: written.add },
			);
		} catch (error) {
			failed.abort();
			throw error;
		}
	});
}

/** The snapshot of the folders, which makes the archive one that is listed. */
async function writeFolders(
	destination: ResticDestination,
	request: ArchiveRequest,
	words: readonly string[],
	written: Written,
	work: Work,
): Promise<Pick<CreateResult, "unreadable" | "unsteady">> {
	const { there, unreadable } = await presentRoots(request.roots);
	const watch = watchUnsteady();
	const roots = new Set(request.roots.map(({ path }) => path));
	const began = Date.now();
	await restic(
		destination,
		[
			"backup",
			...words,
			// restic reports each file that it has read and how long that took, but not whether the file changed meanwhile.
			"--verbose=2",
			`--tag=${ARCHIVE}${request.name}`,
			...resticExcludes(request.roots),
			"--files-from-raw=-",
		],
		work,
		{
			input: there.map(({ path }) => `${path}\0`).join(""),
			accept: [3],
			// Inside a JSON string it would be escaped.
			ignores: '"action":"unchanged"',
			...(request.closed ? { closed: request.closed } : {}),
			onJson: (message) => {
				written.add(message);
				const status = v.safeParse(statusSchema, message);
				if (status.success) work.progress(progressOf(status.output));
				const read = v.safeParse(readSchema, message);
				if (read.success) watch.readSince(read.output.item, Date.now() - read.output.duration * 1000);
				if (message.message_type !== "error") return;
				const { path, reason, isAbsent, isUnsaid } = unreadableOf(message);
				if ((isAbsent || (isUnsaid && isGone(path, began))) && !roots.has(path)) watch.vanished(path);
				else unreadable.push({ path, reason });
			},
		},
	);
	unreadable.push(...(await missingAmong(destination, there, written.lastSnapshot(), unreadable, work)));
	return { unreadable, unsteady: watch.found };
}

/** A root inside another one could have been excluded along with a folder around it. */
async function missingAmong(
	destination: ResticDestination,
	roots: readonly Root[],
	snapshot: string | undefined,
	told: CreateResult["unreadable"],
	work: Work,
): Promise<CreateResult["unreadable"]> {
	const inner = [...new Set(roots.flatMap((root) => innerRoots(root, roots)))];
	if (inner.length === 0 || snapshot === undefined) return [];
	const stored = new Set<unknown>();
	await restic(destination, ["ls", "--json", "--", snapshot, ...inner.map(({ path }) => path)], work, {
		noLock: true,
		onJson: ({ path }) => stored.add(path),
	});
	return missingRoots(inner, told, (path) => stored.has(path));
}

/**
 * Whether a path that existed when restic began is gone, even if something else is there by now. Unknown for names that
 * restic does not report unchanged.
 */
function isGone(path: string, began: number): boolean {
	try {
		if (path.includes("\ufffd")) return false;
		const now = lstatSync(path, { throwIfNoEntry: false });
		return now === undefined || now.ctimeMs >= began;
	} catch {
		return false;
	}
}

function progressOf({ bytes_done, total_bytes, files_done }: v.InferOutput<typeof statusSchema>): Progress {
	return {
		bytes: bytes_done,
		...(total_bytes === undefined ? {} : { totalBytes: total_bytes }),
		files: files_done,
	};
}

/** Create the repository if there is none. */
async function initialise(destination: ResticDestination, work: Work): Promise<void> {
	const missing = await restic(destination, ["cat", "config"], work, { noLock: true }).then(
		() => false,
		(error: unknown) => {
			if (error instanceof ResticFault && error.code === "repository-not-found") return true;
			throw error;
		},
	);
	if (!missing) return;
	await requireOwnFolder(destination);
	await requireVisible(destination);
	work.log(`creating the repository ${destination.repo}`);
	await restic(destination, ["init"], work);
}

/** What an init that was interrupted leaves: all folders, and no config. */
const LAYOUT: ReadonlySet<string> = new Set(["data", "index", "keys", "locks", "snapshots", "lost+found"]);

/** restic would create its repository among other files, or a new one over the data of one that has lost its config. */
async function requireOwnFolder({ repo, repoFile }: ResticDestination): Promise<void> {
	if (!repo.startsWith("/") || repoFile !== undefined) return;
	const namesIn = (folder: string) => readdir(folder).catch(() => []);
	const [names, snapshots] = await Promise.all([namesIn(repo), namesIn(join(repo, "snapshots"))]);
	if (names.every((name) => LAYOUT.has(name)) && snapshots.length === 0) return;
	throw new HoldfastError("repository-invalid", `${repo} exists but is not a restic repository`, {
		subject: repo,
		hint:
			snapshots.length > 0
				? "it contains snapshots but no config file; restore that file from a copy of the repository"
				: "use another path, or empty this one",
	});
}

/** Remove the streams of an archive that was not completed. */
export async function discardPartial(
	destination: ResticDestination,
	archive: string,
	work: Work,
): Promise<void> {
	const all = await snapshots(destination, work, [ARCHIVE + archive, PART + archive]);
	if (archivesIn(all).length > 0) return;
	await forget(destination, all, work);
}
