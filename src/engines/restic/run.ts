// Run restic: its environment, its password, its locks, and its errors in words a person can act on.
import { access, constants, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseEnv } from "node:util";
import * as v from "valibot";
import { closeOff, type Enclosure } from "../../host/enclosure.ts";
import { cleanEnvironment, start } from "../../host/exec.ts";
import { answerReader, type OutputReader, recordReader } from "../../host/lines.ts";
import { places } from "../../host/places.ts";
import { readSecret, secretText } from "../../host/secret.ts";
import { standstillSeconds } from "../../host/standstill.ts";
import { isErrno } from "../../values/error.ts";
import type { Content, Work } from "../destination.ts";
import { understoodOr } from "../output.ts";
import { repositoryToClose } from "../repository.ts";
import { retrying } from "../retry.ts";
import { FULL, faultOf, MOST_PROBLEMS, ResticFault, UNREACHABLE } from "./faults.ts";
import type { ResticDestination } from "./schema.ts";

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

/** A pack's usual size: with less room than that on its disk, a restic that stands still has run out of it. */
const PACK_BYTES = 16 * 1024 * 1024;

/**
 * restic 0.17 and later try for a quarter of an hour to open a repository whose server is not there. That is right for a
 * network that goes away in the middle of a backup, and not for an address that nobody answers at: after so many tries
 * at the beginning (some twenty seconds; it waits twice as long each time) it is ended.
 */
const OPENING = /^\w+\(<config\/[^>]*>\) returned error, retrying after/;
const MOST_OPENINGS = 5;

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
			const isLocked = error.code === "repository-locked";
			if (isLocked) await once(destination, ["unlock"], work, {}).catch(() => {});
			return isLocked || (error.code === "connection-failed" && !error.wasTried);
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
		throw new ResticFault("disk-read-only", `${destination.repo} is mounted read-only`, {
			subject: destination.repo,
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
	if (stop.signal.aborted)
		throw Object.assign(faultOf(destination, result, said, UNREACHABLE), { wasTried: true });
	const full = result.stoodStill && (await isFull(destination));
	throw faultOf(destination, result, said, full ? FULL : undefined);
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
