// Run restic: its environment, its password, its locks, and its errors in words a person can act on.
import { access, constants, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseEnv } from "node:util";
import * as v from "valibot";
import { closeOff, type Enclosure } from "../../host/enclosure.ts";
import { cleanEnvironment, describeEnd, type ExecResult, start } from "../../host/exec.ts";
import { answerReader, type OutputReader, recordReader } from "../../host/lines.ts";
import { places } from "../../host/places.ts";
import { howToInstall } from "../../host/programs.ts";
import { readSecret, secretOrigin, secretText } from "../../host/secret.ts";
import { standstillSeconds } from "../../host/standstill.ts";
import type { ResticOptions } from "../../manifest/providers.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import type { Content, Work } from "../destination.ts";
import { understoodOr } from "../output.ts";
import { repositoryToClose } from "../repository.ts";
import { retrying } from "../retry.ts";

export type ResticDestination = ResticOptions["destinations"][string];

export interface ResticCall {
	/** Folders in which it must not follow links, beside the repository's own. */
	readonly closed?: readonly string[];
	/** Where it runs; by itself it is one for `closed` and the repository. */
	readonly enclosure?: Enclosure | undefined;
	/** It runs where everybody is, since everybody must see what it mounts. */
	readonly mounts?: boolean;
	/** Standard input: what is said, or content whose true end only its maker knows. */
	readonly input?: string | Content;
	/** Called for each line of standard output that is JSON. */
	readonly onJson?: (message: Record<string, unknown>) => void;
	/** Lines that hold this text are not even parsed: there may be one for each file. */
	readonly ignores?: string;
	/** Makes what takes its standard output, in place of `stdout`; again for each try. */
	readonly reader?: () => OutputReader;
	/** How long `stdout` may be. */
	readonly mostBytes?: number;
	/** Read the repository without a lock: for what only looks. */
	readonly noLock?: boolean;
	/** It reads only: with a lock where one can be made, and else without. */
	readonly reads?: boolean;
	/** Exit codes that are no error, beside 0. */
	readonly accept?: readonly number[];
}

export interface ResticEnd {
	readonly code: number;
	readonly stdout: string;
	/** Its last lines. */
	readonly stderr: readonly string[];
}

/** Lines of what restic says that are kept. */
const MOST_PROBLEMS = 50;

/** A pack's usual size: with less room than that on its disk, a restic that stands still has run out of it. */
const PACK_BYTES = 16 * 1024 * 1024;

type Kind =
	| "damaged"
	| "refused"
	| "locked"
	| "missing"
	| "password"
	| "unwritable"
	| "connection"
	| "unreachable"
	| "space"
	| "other";

/**
 * restic 0.17 and later try for a quarter of an hour to open a repository whose server is not there. That is right for a
 * network that goes away in the middle of a backup, and not for an address that nobody answers at: after so many tries
 * at the beginning (some twenty seconds; it waits twice as long each time) it is ended.
 */
const OPENING = /^\w+\(<config\/[^>]*>\) returned error, retrying after/;
const MOST_OPENINGS = 5;

/** Thrown with the kind of fault, so that callers can tell them apart. */
export class ResticFault extends HoldfastError {
	readonly kind: Kind;
	readonly isBusy: boolean;
	constructor(kind: Kind, message: string, facts: { hint?: string; details: readonly string[] }) {
		super("failed", message, facts);
		this.kind = kind;
		this.isBusy = kind === "locked";
	}
}

/**
 * Run one restic command. A lock of a process that is dead is cleared (`unlock` without `--remove-all` leaves those of
 * the living); for one that lives we wait, and for a network that is gone as well.
 */
export async function restic(
	destination: ResticDestination,
	words: readonly string[],
	work: Work,
	call: ResticCall = {},
): Promise<ResticEnd> {
	// Content is made only once.
	if (typeof call.input === "object") return once(destination, words, work, call);
	return retrying(
		work,
		async (error) => {
			if (!(error instanceof ResticFault)) return false;
			if (error.kind === "locked") await once(destination, ["unlock"], work, {}).catch(() => {});
			return error.kind === "locked" || error.kind === "connection";
		},
		() => once(destination, words, work, call),
	);
}

async function once(
	destination: ResticDestination,
	words: readonly string[],
	work: Work,
	call: ResticCall,
): Promise<ResticEnd> {
	// restic itself would try for most of a minute.
	const readOnly = await isReadOnly(destination);
	if (readOnly && !call.noLock && !call.reads)
		throw new ResticFault("unwritable", `${destination.repo} is mounted read-only`, {
			hint: "archives in it can be listed and restored; to write, remount it: mount -o remount,rw",
			details: [],
		});
	const answer = answerReader(call.mostBytes);
	const closed = [...(call.closed ?? []), ...repositoryToClose(destination.repo)];
	const outside = call.mounts || call.enclosure !== undefined;
	await using own = outside ? undefined : await closeOff(closed, work.log);
	const said: string[] = [];
	const stop = new AbortController();
	let openings = 0;
	const say = (line: string) => {
		said.push(line);
		if (said.length > MOST_PROBLEMS) said.shift();
		work.log(line);
		if (OPENING.test(line) && ++openings >= (work.interactive ? 2 : MOST_OPENINGS)) stop.abort();
	};
	const child = await start(
		[
			"restic",
			"--quiet",
			...(destination.options ?? []).map((option) => `--option=${option}`),
			...(call.noLock || readOnly ? ["--no-lock"] : []),
			...words,
		].filter((word) => word !== "--quiet" || !words.includes("--json")),
		{
			env: await environment(destination),
			enclosure: call.enclosure ?? own,
			signal: AbortSignal.any([work.signal, stop.signal]),
			// It may wait for itself for ever, above all after a write that failed (0.14 and a full disk: seen here). One at
			// work renews its lock every five minutes.
			standstillSeconds: standstillSeconds(),
			...(typeof call.input === "string" ? { input: call.input } : {}),
			...(typeof call.input === "object" ? { pipeIn: true } : {}),
			reader: call.reader?.() ?? (call.onJson ? recordReader(hear(call.onJson, call.ignores)) : answer),
			onStderr: (line) => {
				const message = parse(line);
				// 0.18 and later say with --json in JSON why they end.
				if (message?.message_type === "exit_error")
					for (const one of `${message.message}`.split("\n")) say(one);
				else if (message?.message_type === "error" && call.onJson) call.onJson(message);
				else say(line);
			},
		},
	);
	const fed = typeof call.input === "object" && child.stdin ? feed(call.input, child.stdin, stop) : undefined;
	const result = await child.done;
	const fault = await fed;
	work.signal.throwIfAborted();
	// restic stores what it got until then only when its input ends well: it was ended before.
	if (fault !== undefined) throw fault;
	if (result.code === 0 || (result.code !== null && call.accept?.includes(result.code)))
		return { code: result.code, stdout: answer.text(), stderr: said };
	if (stop.signal.aborted && fault === undefined) throw faultOf(destination, result, said, "unreachable");
	const full = result.stoodStill && (await isFull(destination));
	throw faultOf(destination, result, said, full ? "space" : undefined);
}

/** restic sees the end of its input only once the content is whole; when it is not, restic is ended before. */
async function feed(
	{ output, whole }: Content,
	stdin: NodeJS.WritableStream,
	stop: AbortController,
): Promise<unknown> {
	try {
		await pipeline(output, stdin, { end: false });
		await whole;
		stdin.end();
		return undefined;
	} catch (error) {
		// It has gone, and says itself why.
		if (isErrno(error, "EPIPE") || isErrno(error, "ERR_STREAM_PREMATURE_CLOSE")) return undefined;
		stop.abort();
		return error;
	}
}

/** Whether there is next to no room on the disk of a repository in a folder here. */
async function isFull({ repo, repoFile }: ResticDestination): Promise<boolean> {
	if (!repo.startsWith("/") || repoFile !== undefined) return false;
	return statfs(repo).then(
		({ bavail, bsize }) => bavail * bsize < PACK_BYTES,
		() => false,
	);
}

/** Whether a repository in a folder here is on a disk that is mounted read-only, also for root. */
async function isReadOnly({ repo, repoFile }: ResticDestination): Promise<boolean> {
	if (!repo.startsWith("/") || repoFile !== undefined) return false;
	return access(repo, constants.W_OK).then(
		() => false,
		(error: unknown) => isErrno(error, "EROFS"),
	);
}

const hear = (onJson: NonNullable<ResticCall["onJson"]>, ignores?: string) => (line: string) => {
	if (ignores !== undefined && line.includes(ignores)) return;
	const message = parse(line);
	if (message) onJson(message);
};

/** What a message says is looked at where it is used. */
const messageSchema = v.record(v.string(), v.unknown());

function parse(line: string): Record<string, unknown> | undefined {
	return line.startsWith("{") ? understoodOr(messageSchema, line) : undefined;
}

async function environment(destination: ResticDestination): Promise<Record<string, string>> {
	const { repo, repoFile, environmentFile } = destination;
	return {
		...cleanEnvironment(),
		...(process.env.SSH_AUTH_SOCK ? { SSH_AUTH_SOCK: process.env.SSH_AUTH_SOCK } : {}),
		...(environmentFile === undefined ? {} : variablesIn(environmentFile)),
		RESTIC_CACHE_DIR: join(places().cache, "restic"),
		RESTIC_PROGRESS_FPS: "2",
		...(repoFile === undefined ? { RESTIC_REPOSITORY: repo } : { RESTIC_REPOSITORY_FILE: repoFile }),
		...(await password(destination)),
	};
}

/** restic reads a whole file as the password; where ours says more than one line, only the first is meant. */
async function password(destination: ResticDestination): Promise<Record<string, string>> {
	const secret = (await readSecret(destination)) ?? "";
	const { passphraseFile } = destination;
	if (passphraseFile !== undefined && secretText(passphraseFile, "the passphrase file").trimEnd() === secret)
		return { RESTIC_PASSWORD_FILE: passphraseFile };
	return { RESTIC_PASSWORD: secret };
}

function variablesIn(file: string): Record<string, string> {
	return parseEnv(secretText(file, "the environment file")) as Record<string, string>;
}

/** restic 0.17 and later have exit codes for these; before, only the words tell. */
const KINDS: readonly { readonly kind: Kind; readonly code?: number; readonly words: RegExp }[] = [
	// First: what a check has found may be in any words.
	{ kind: "damaged", words: /repository contains errors/ },
	{ kind: "space", words: /no space left on device|ENOSPC|507 Insufficient Storage/i },
	{ kind: "password", code: 12, words: /wrong password or no key found/ },
	{ kind: "locked", code: 11, words: /repository is already locked/ },
	{
		kind: "refused",
		words: /Permission denied \(|Host key verification failed|401 Unauthorized|Access Denied/,
	},
	{ kind: "unwritable", words: /read-only file system|permission denied|403 Forbidden/i },
	{
		kind: "connection",
		words:
			/connection refused|no such host|network is unreachable|no route to host|i\/o timeout|connection reset|502 Bad Gateway|503 Service|unable to start the sftp session|ssh command exited|EOF$/i,
	},
	{ kind: "missing", code: 10, words: /Is there a repository at the following location/ },
];

function faultOf(
	destination: ResticDestination,
	result: ExecResult,
	said: readonly string[],
	known: Kind | undefined,
): ResticFault {
	const text = said.join("\n");
	const kind =
		known ??
		KINDS.find(({ code, words }) => (code !== undefined && code === result.code) || words.test(text))?.kind ??
		"other";
	const { repo } = destination;
	const details = said.slice(kind === "damaged" ? -MOST_PROBLEMS : -10);
	const fault = (message: string, hint?: string) =>
		new ResticFault(kind, message, { ...(hint === undefined ? {} : { hint }), details });
	if (result.code === 127) return fault("restic is not installed", howToInstall("restic"));
	switch (kind) {
		case "password":
			return fault(`the passphrase of ${repo} is wrong`, `it was read from ${secretOrigin(destination)}`);
		case "missing":
			return fault(
				`there is no restic repository at ${repo}`,
				"is its disk mounted, and the address right? For a new destination, the first create makes it",
			);
		case "locked":
			return fault(
				`${repo} is locked by another restic`,
				"the lines above say which; wait for it. Locks of processes that are dead were cleared already",
			);
		case "refused":
			return fault(
				`access to ${repo} was refused`,
				"the lines above are its own; is the key or the password right?",
			);
		case "unwritable":
			return fault(`${repo} cannot be written`, "is it mounted read-only, or may this user not write there?");
		case "connection":
		case "unreachable":
			return fault(
				`${repo} cannot be reached`,
				"is its host up, and the address right? It was tried several times",
			);
		case "space":
			return fault(
				`no space left for ${repo}`,
				"the incomplete archive was discarded; free some space, then try again",
			);
		case "damaged":
			return fault(`${repo} is not whole`);
		case "other":
			return fault(`restic, which worked on ${repo}, ${describeEnd(result)}`);
	}
}
