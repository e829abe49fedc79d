// Write an archive, and create the repository if there is none.

import { lstat } from "node:fs/promises";
import type { Writable } from "node:stream";
import * as v from "valibot";
import { execText } from "../../host/exec.ts";
import { hasSecret, requireVisible } from "../../host/secret.ts";
import { HoldfastError } from "../../values/error.ts";
import { shellLine, shellVariables } from "../../values/shell.ts";
import type { ArchiveRequest, CreateResult, Root, Work } from "../destination.ts";
import { requireDiskOf } from "../disk-mounted.ts";
import { isReached } from "../exclude.ts";
import { AT_FIRST } from "../metadata.ts";
import { count, understoodOr } from "../output.ts";
import { missingRoots } from "../roots.ts";
import { prunesOf } from "../too-long.ts";
import { saysAbsent, watchUnsteady } from "../unsteady.ts";
import { archiveName, borg } from "./borg.ts";
import { commentArgument, commentOf, keep, known } from "./comments.ts";
import { borgExcludes } from "./exclude.ts";
import { BorgFault, type BorgMessage } from "./faults.ts";
import type { BorgDestination } from "./schema.ts";
import { openStreams } from "./streams.ts";

const createSchema = v.object({
	archive: v.object({
		id: v.string(),
		stats: v.object({ original_size: count, deduplicated_size: count, nfiles: count }),
	}),
});

/** borg walks a tree recursively, and Python aborts it after about 900 levels. */
const DEEPEST = 500;

/** One root must not make the archive of the others fail: roots that borg cannot walk are left out and reported. */
export async function create(
	destination: BorgDestination,
	compression: string,
	request: ArchiveRequest,
	mayInit: boolean,
	work: Work,
): Promise<CreateResult> {
	const disk = requireDiskOf(destination.repo, destination.mountpoint, request.mount);
	try {
		return { ...(await createOf(destination, compression, request, mayInit, work)), ...disk };
	} catch (error) {
		const isOwnFault = error instanceof BorgFault && error.msgid === "Exception";
		const deep = isOwnFault ? await rootsTooDeep(request) : new Set();
		if (deep.size === 0) throw error;
		const roots = request.roots.filter(({ path }) => !deep.has(path));
		const result = await createOf(destination, compression, { ...request, roots }, mayInit, work);
		const reason = `its folders are nested more than ${DEEPEST} levels deep, which borg does not support`;
		const left = request.roots.flatMap(({ path }) => (deep.has(path) ? [{ path, reason }] : []));
		return { ...result, ...disk, unreadable: [...result.unreadable, ...left] };
	}
}

async function rootsTooDeep({ roots }: ArchiveRequest): Promise<ReadonlySet<string>> {
	const deep = new Set<string>();
	for (const root of roots) {
		const { path } = root;
		const { text } = await execText([
			...["find", "-P", path, "-mindepth", String(DEEPEST), "-maxdepth", String(DEEPEST)],
			...[...prunesOf(root), "-type", "d", "-printf", "x", "-quit"],
		]);
		if (text !== "") deep.add(path);
	}
	return deep;
}

async function createOf(
	destination: BorgDestination,
	compression: string,
	request: ArchiveRequest,
	mayInit: boolean,
	work: Work,
): Promise<CreateResult> {
	const folders = await foldersAmong(request.roots);
	const heard = listener(request, folders, work);
	const comment = commentArgument(request.metadata, AT_FIRST);
	const streams = openStreams(request, work);
	const words = [
		...streams.options,
		"--json",
		"--progress",
		// One line for each folder that was stored, which shows that a root is in the archive, and one for each file that
		// changed while it was read.
		"--list",
		"--filter=dC",
		`--compression=${compression}`,
		"--comment",
		comment,
		...borgExcludes(request.roots),
		"--",
		archiveName(destination, request.name),
		...streams.paths,
		// borg would store a folder twice if given both it and a folder around it.
		...request.roots.filter((root) => !isReached(root, request.roots)).map((root) => root.path.slice(1)),
	];
	const attempt = (feed?: (input: Writable) => void) =>
		borg(
			destination,
			"create",
			words,
			{ ...work, signal: streams.signal },
			{
				...{ once: feed !== undefined, feed },
				...(request.closed ? { closed: request.closed } : {}),
				onMessage: heard.onMessage,
			},
		);
	const end = await streams.during(async (feed) => {
		try {
			// A stream can be produced only once, so it must be known before whether there is a repository.
			if (feed && mayInit) await borg(destination, "info", [destination.repo], work, { reads: true });
			return await attempt(feed);
		} catch (error) {
			await makeMissing(error, destination, mayInit, work);
			return await attempt(feed);
		}
	});
	// The archive is complete now, whatever borg reports about it.
	const archive = understoodOr(createSchema, end.stdout)?.archive;
	const { stored, unsteady } = heard;
	const unreadable = [
		...heard.unreadable,
		...missingRoots(folders, heard.unreadable, (path) => stored.has(path)),
	];
	if (!archive) return { unreadable, unsteady };
	const { repo } = destination;
	await keep(repo, new Map(await known(repo)).set(archive.id, commentOf(request.metadata)));
	return {
		bytes: archive.stats.original_size,
		storedBytes: archive.stats.deduplicated_size,
		files: archive.stats.nfiles,
		...{ unreadable, unsteady },
	};
}

/** What borg tells while it writes. */
function listener({ roots, passed }: ArchiveRequest, folders: readonly Root[], work: Work) {
	const paths = new Set(roots.map(({ path }) => path));
	const foldersByPath = new Set(folders.map(({ path }) => path));
	const unreadable: { path: string; reason: string }[] = [];
	/** The folders among the roots that were reached. */
	const stored = new Set<string>();
	const watch = watchUnsteady();
	const onProgress = ({ original_size: bytes, nfiles: files, path }: BorgMessage) =>
		work.progress({
			...(bytes === undefined ? {} : { bytes }),
			...(files === undefined ? {} : { files }),
			...(path ? { path: `/${path}` } : {}),
		});
	const onStatus = ({ status, path }: BorgMessage) => {
		if (status === "d" && foldersByPath.has(`/${path}`)) {
			stored.add(`/${path}`);
			// The line of a folder comes after those of its content.
			passed?.(`/${path}`);
		}
		if (status === "C" && path) watch.changed(absolute(path));
	};
	const onWarning = ({ message = "" }: BorgMessage) => {
		const { path, reason } = faultIn(message) ?? {};
		if (path === undefined || reason === undefined) return;
		if (saysAbsent(reason) && !paths.has(path)) watch.vanished(path);
		else unreadable.push({ path, reason });
	};
	return {
		...{ unreadable, stored, unsteady: watch.found },
		onMessage(message: BorgMessage): void {
			if (message.type === "archive_progress" && !message.finished) onProgress(message);
			if (message.type === "file_status") onStatus(message);
			if (message.levelname === "WARNING") onWarning(message);
		},
	};
}

/** Create the repository if the error says that there is none; rethrow any other error. */
async function makeMissing(
	error: unknown,
	destination: BorgDestination,
	mayInit: boolean,
	work: Work,
): Promise<void> {
	if (!(error instanceof BorgFault)) throw error;
	// An empty folder, such as a new disk, is not a repository yet. borg creates one only in an empty folder.
	if (error.msgid === "Repository.InvalidRepository" && mayInit)
		return initialise(destination, work).catch((refused: unknown) => {
			throw refused instanceof BorgFault ? error : refused;
		});
	if (error.msgid !== "Repository.DoesNotExist") throw error;
	if (!mayInit)
		throw new HoldfastError(
			"repository-not-found",
			`the repository ${destination.repo} existed before and is now missing`,
			{
				subject: destination.repo,
				cause: error,
				hint: `check that the disk is mounted; to start over, create a new one with: ${initLine(destination)}`,
			},
		);
	await initialise(destination, work);
}

/**
 * "PATH: open: [Errno 13] Permission denied: 'NAME'": the file is not in the archive. A name may contain line breaks and text
 * that looks like such a message: then only the part before it is named, and the file does not count as vanished.
 */
export function faultIn(message: string): { readonly path: string; readonly reason: string } | undefined {
	const [named, ...reasons] = message.split(/: (?:\w+: )?(?=\[Errno \d+\])/);
	if (named === undefined || reasons.length === 0) return undefined;
	return { path: absolute(named), reason: reasons.length === 1 ? (reasons[0] ?? "") : `"${message}"` };
}

/** Only folders: files have other letters. */
async function foldersAmong(roots: readonly Root[]): Promise<Root[]> {
	const found: Root[] = [];
	for (const root of roots)
		if ((await lstat(root.path).catch(() => undefined))?.isDirectory()) found.push(root);
	return found;
}

const absolute = (path: string) => `/${path.replace(/^\//, "")}`;

const encryptionOf = (destination: BorgDestination) =>
	destination.encryption ?? (hasSecret(destination) ? "repokey" : "none");

/** For a shell. borg asks for a passphrase that is in a credential. */
function initLine(destination: BorgDestination): string {
	const { repo, rsh, remotePath, keyFile, passphraseFile, passphraseCommand } = destination;
	const command = passphraseFile === undefined ? passphraseCommand : ["cat", passphraseFile];
	return [
		...shellVariables({
			...(command === undefined ? {} : { BORG_PASSCOMMAND: shellLine(command) }),
			...(rsh === undefined ? {} : { BORG_RSH: rsh }),
			...(remotePath === undefined ? {} : { BORG_REMOTE_PATH: remotePath }),
			...(keyFile === undefined ? {} : { BORG_KEY_FILE: keyFile }),
		}),
		shellLine(["borg", "init", "--make-parent-dirs", `--encryption=${encryptionOf(destination)}`, repo]),
	].join(" ");
}

async function initialise(destination: BorgDestination, work: Work): Promise<void> {
	const encryption = encryptionOf(destination);
	await requireVisible(destination);
	work.log(`creating the repository ${destination.repo} (encryption ${encryption})`);
	await borg(
		destination,
		"init",
		["--make-parent-dirs", `--encryption=${encryption}`, destination.repo],
		work,
	);
}
