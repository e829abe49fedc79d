// Runs restic: its environment, password, locks and errors.
import { access, constants, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseEnv } from "node:util";
import * as v from "valibot";
import { type Closed, closeOff, type Enclosure } from "../../host/enclosure.ts";
import { cleanEnvironment, start } from "../../host/exec.ts";
import { lastLines } from "../../host/last-lines.ts";
import { answerReader, type OutputReader, recordReader } from "../../host/lines.ts";
import { places } from "../../host/places.ts";
import { readSecret, secretText } from "../../host/secret.ts";
import { standstillSeconds } from "../../host/standstill.ts";
import { isErrno } from "../../values/error.ts";
import type { Content, Work } from "../destination.ts";
import { understoodOr } from "../output.ts";
import { repositoryToClose } from "../repository.ts";
import { retrying } from "../retry.ts";
import { FULL, faultOf, ResticFault, UNREACHABLE } from "./faults.ts";
import { MAX_PROBLEMS, ownLines } from "./own-lines.ts";
import type { ResticDestination } from "./schema.ts";

export interface ResticCall {
	/** Folders in which it must not follow links, in addition to the repository. */
	readonly closed?: readonly (string | Closed)[];
	/** Where it runs; by default an enclosure for `closed` and the repository. */
	readonly enclosure?: Enclosure | undefined;
	/** Run without an enclosure, because other processes must see what it mounts. */
	readonly mounts?: boolean;
	/** Standard input: a text, or content that its producer must confirm as complete. */
	readonly input?: string | Content;
	/** Called for each JSON line of standard output. */
	readonly onJson?: (message: Record<string, unknown>) => void;
	/** Lines that contain this text are not parsed: there may be one for each file. */
	readonly ignores?: string;
	/** Creates a reader for standard output, used instead of `stdout`; called again for each attempt. */
	readonly reader?: () => OutputReader;
	/** Maximum length of `stdout`. */
	readonly mostBytes?: number;
	/** Read the repository without a lock. */
	readonly noLock?: boolean;
	/** It only reads: use a lock if one can be created, otherwise none. */
	readonly reads?: boolean;
	/** Exit codes other than 0 that are not errors. */
	readonly accept?: readonly number[];
}

export interface ResticEnd {
	readonly code: number;
	readonly stdout: string;
	/** Its last lines. */
	readonly stderr: readonly string[];
}

/** The usual size of a pack: if its disk has less space than that, a stalled restic has run out of space. */
const PACK_BYTES = 16 * 1024 * 1024;

/**
 * restic 0.17 and later retry for 15 minutes to open a repository whose server does not answer. That is right if the network
 * fails during a backup, but not for a wrong address. So restic is ended after this many attempts at the beginning: about
 * twenty seconds, since it doubles its pause each time.
 */
const OPENING = /^\w+\(<config\/[^>]*>\) returned error, retrying after/;
const MAX_OPENINGS = 5;

/**
 * Run one restic command. Removes stale locks (`unlock` without `--remove-all` leaves those of running processes). Waits for
 * running processes that hold a lock, and for the network.
 */
export async function restic(
	destination: ResticDestination,
	words: readonly string[],
	work: Work,
	call: ResticCall = {},
): Promise<ResticEnd> {
	// Content can be produced only once.
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
	// restic itself would retry for most of a minute.
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
	await using enclosure = outside ? undefined : await closeOff(closed, work.log);
	const { lines: said, add } = lastLines(MAX_PROBLEMS);
	const own = ownLines(words[0]);
	const stop = new AbortController();
	let openings = 0;
	const show = (line: string) => {
		add(line);
		work.log(line);
	};
	const say = (line: string, isFinal = false) => {
		show(line);
		if (own.take(line, isFinal) && OPENING.test(line) && ++openings >= (work.interactive ? 2 : MAX_OPENINGS))
			stop.abort();
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
			enclosure: call.enclosure ?? enclosure,
			signal: AbortSignal.any([work.signal, stop.signal]),
			// restic can deadlock, above all after a failed write (seen with 0.14 and a full disk). While it works it renews its
			// lock every five minutes.
			standstillSeconds: standstillSeconds(),
			...(typeof call.input === "string" ? { input: call.input } : {}),
			...(typeof call.input === "object" ? { pipeIn: true } : {}),
			reader: call.reader?.() ?? (call.onJson ? recordReader(hear(call.onJson, call.ignores)) : answer),
			onStderr: (line) => {
				// Without --json, a line that looks like a message may be a part of a file's name.
				const message = words.includes("--json") ? parse(line) : undefined;
				// With --json, 0.18 and later print the reason for a failure as JSON.
				if (message?.message_type === "exit_error")
					for (const one of `${message.message}`.split("\n")) say(one, true);
				else if (message?.message_type === "error" && call.onJson) call.onJson(message);
				// Any other message in JSON may be about a file.
				else if (message) show(line);
				else say(line);
			},
		},
	);
	const fed = typeof call.input === "object" && child.stdin ? feed(call.input, child.stdin, stop) : undefined;
	const result = await child.done;
	const fault = await fed;
	work.signal.throwIfAborted();
	// restic stores its input only if that ends normally, and restic was ended before that could happen.
	if (fault !== undefined) throw fault;
	if (result.code === 0 || (result.code !== null && call.accept?.includes(result.code)))
		return { code: result.code, stdout: answer.text(), stderr: said };
	if (stop.signal.aborted)
		throw Object.assign(faultOf(destination, result, said, own.all(), UNREACHABLE), { wasTried: true });
	const full = result.stoodStill && (await isFull(destination));
	throw faultOf(destination, result, said, own.all(), full ? FULL : undefined);
}

/** restic sees the end of its input only if the content is complete; otherwise restic is ended first. */
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
		// restic has exited and reports the reason itself.
		if (isErrno(error, "EPIPE") || isErrno(error, "ERR_STREAM_PREMATURE_CLOSE")) return undefined;
		stop.abort();
		return error;
	}
}

/** Whether the disk of a local repository is almost full. */
async function isFull({ repo, repoFile }: ResticDestination): Promise<boolean> {
	if (!repo.startsWith("/") || repoFile !== undefined) return false;
	return statfs(repo).then(
		({ bavail, bsize }) => bavail * bsize < PACK_BYTES,
		() => false,
	);
}

/** Whether the disk of a local repository is mounted read-only. */
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

/** The fields of a message are validated where they are used. */
const messageSchema = v.record(v.string(), v.unknown());

function parse(line: string): Record<string, unknown> | undefined {
	return line.startsWith("{") ? understoodOr(messageSchema, line) : undefined;
}

/** Throws if a secret in it cannot be read. */
export async function environment(destination: ResticDestination): Promise<Record<string, string>> {
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

/** restic takes the whole file as the password, but in Holdfast only the first line is the passphrase. */
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
