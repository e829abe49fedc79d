// Runs borg: its environment, passphrase, NDJSON messages and errors.
import type { Writable } from "node:stream";
import type * as v from "valibot";
import { type Closed, closeOff, type Enclosure } from "../../host/enclosure.ts";
import { cleanEnvironment, exec } from "../../host/exec.ts";
import { lastLines } from "../../host/last-lines.ts";
import { answerReader, type OutputReader } from "../../host/lines.ts";
import { readSecret } from "../../host/secret.ts";
import { standstillSeconds } from "../../host/standstill.ts";
import { clip } from "../../values/clip.ts";
import { HoldfastError } from "../../values/error.ts";
import { MAX_TEXT } from "../../values/error-bounds.ts";
import type { Work } from "../destination.ts";
import { understood, understoodOr } from "../output.ts";
import { repositoryToClose } from "../repository.ts";
import { retrying } from "../retry.ts";
import { discardCache } from "./broken-cache.ts";
import { BorgFault, type BorgMessage, faultOf, messageSchema } from "./faults.ts";
import type { BorgDestination } from "./schema.ts";

/** How many of its errors are kept: the first ones, and the last. */
const MAX_ERRORS = 200;

export interface BorgCall {
	readonly cwd?: string;
	/** Folders in which it must not follow links, in addition to the repository. */
	readonly closed?: readonly (string | Closed)[];
	/** Where it runs; by default an enclosure for `closed` and the repository. */
	readonly enclosure?: Enclosure | undefined;
	/** Run without an enclosure, because other processes must see what it mounts. */
	readonly mounts?: boolean;
	/** Whether to retry after a lost connection. False if it reads a stream, which can be produced only once. */
	readonly once?: boolean;
	/** Writes what borg reads from its standard input. */
	readonly feed?: ((input: Writable) => void) | undefined;
	/** It only reads: run without a lock if none can be created, as on a disk that is mounted read-only. */
	readonly reads?: boolean;
	/** A mere query: borg may skip its self-test (decision 16). */
	readonly asks?: boolean;
	/** Creates a reader for standard output, used instead of `stdout`; called again for each attempt. */
	readonly reader?: () => OutputReader;
	/** Called for each progress message and each warning. */
	readonly onMessage?: (message: BorgMessage) => void;
}

export interface BorgEnd {
	/** 0 or 1; 1 means warnings. */
	readonly code: number;
	readonly stdout: string;
}

const LOCK_WAIT_SECONDS = 30;
const ALIVE_SECONDS = 15;
const LONGEST_NAME = 255;
/** A server that compacts a large repository sends nothing for a while. */
const LONGEST_SILENCE = 3600;

/** Run one borg command. Logs warnings and throws errors. Retries after a lost connection. */
export async function borg(
	destination: BorgDestination,
	command: string,
	words: readonly string[],
	work: Work,
	call: BorgCall = {},
): Promise<BorgEnd> {
	const passes = async (error: unknown) =>
		!call.once && error instanceof BorgFault && (error.msgid?.startsWith("ConnectionClosed") ?? false);
	const run = (...more: string[]) =>
		retrying(work, passes, () => once(destination, command, [...more, ...words], work, call));
	try {
		return await run();
	} catch (error) {
		if (!(error instanceof BorgFault)) throw error;
		if (error.cache !== undefined) {
			await discardCache(error.cache, () =>
				once(destination, "delete", ["--cache-only", destination.repo], work, {}),
			);
			work.log(`borg's cache of ${destination.repo} was damaged and has been deleted; borg rebuilds it`);
			// Its input can be produced only once, so the next run must retry.
			if (!call.once) return run();
		}
		if (!call.reads || error.code !== "disk-read-only") throw error;
		return run("--bypass-lock");
	}
}

async function once(
	destination: BorgDestination,
	command: string,
	words: readonly string[],
	work: Work,
	call: BorgCall,
): Promise<BorgEnd> {
	const passphrase = await readSecret(destination);
	const errors: BorgMessage[] = [];
	const keep = (message: BorgMessage) => {
		if (errors.length >= MAX_ERRORS) errors.pop();
		errors.push({ ...message, message: clip(message.message ?? "", MAX_TEXT) });
	};
	const plain = lastLines(20);
	/** What ssh and the server said, which borg repeats as a warning. */
	const remote = lastLines(5);
	const answer = answerReader();
	const closed = [...(call.closed ?? []), ...repositoryToClose(destination.repo)];
	const outside = call.mounts || call.enclosure !== undefined;
	await using own = outside ? undefined : await closeOff(closed, work.log);
	const result = await exec(
		[
			"borg",
			"--log-json",
			`--lock-wait=${LOCK_WAIT_SECONDS}`,
			...(destination.repo.startsWith("ssh://") ? [`--rsh=${shellOf(destination)}`] : []),
			...(destination.remotePath === undefined ? [] : [`--remote-path=${destination.remotePath}`]),
			command,
			...words,
		],
		{
			cwd: call.cwd ?? "/",
			enclosure: call.enclosure ?? own,
			env: {
				...environment(destination, passphrase !== undefined),
				...(call.asks ? { BORG_SELFTEST: "disabled" } : {}),
				// It prints times without an offset, and a local time may come twice.
				...(call.reads ? { TZ: "UTC" } : {}),
			},
			...(passphrase === undefined ? {} : { secret: passphrase }),
			signal: work.signal,
			feed: call.feed,
			standstillSeconds: standstillSeconds(call.mounts ? Number.POSITIVE_INFINITY : LONGEST_SILENCE),
			reader: call.reader?.() ?? answer,
			onStderr: (line) => {
				const message = parse(line);
				if (!message) {
					plain.add(line);
					work.log(line);
					return;
				}
				if (message.type === "log_message" && message.levelname !== "INFO") {
					work.log(message.message ?? line);
					const [, said] = /^Remote: (.+)/.exec(message.message ?? "") ?? [];
					if (said !== undefined && message.levelname === "WARNING") remote.add(said);
					if (message.levelname === "ERROR" || message.levelname === "CRITICAL") keep(message);
				}
				call.onMessage?.(message);
			},
		},
	);
	work.signal.throwIfAborted();
	if (result.code === 0) return { code: 0, stdout: answer.text() };
	if (isWarning(result.code)) return { code: 1, stdout: answer.text() };
	const isClosed = errors.some(({ msgid }) => msgid?.startsWith("ConnectionClosed"));
	const said = isClosed ? [...remote.lines, ...plain.lines] : plain.lines;
	throw faultOf(destination, errors, said, result);
}

/** borg 1.4 and later can use a separate exit code for each kind of warning (BORG_EXIT_CODES; "Return codes" in its manual). */
const isWarning = (code: number | null) => code === 1 || (code !== null && code >= 100 && code < 126);

/**
 * Without the options, ssh waits 15 minutes for a network that is gone. The user's come first and take precedence. When ssh fails,
 * its output is held open for a moment: once that ends, borg no longer reads the message that says why.
 */
function shellOf({ rsh = "ssh -o BatchMode=yes" }: BorgDestination): string {
	const alive = ` -o ServerAliveInterval=${ALIVE_SECONDS} -o ServerAliveCountMax=3`;
	return `${TO_THE_END} ${rsh}${/(^|\/)ssh(\s|$)/.test(rsh) ? alive : ""}`;
}

/** ssh ends with 255 if it failed itself. */
const TO_THE_END = `/bin/sh -c '"$@"; code=$?; [ $code -ne 255 ] || sleep 0.5; exit $code' rsh`;

/** Run a borg command that prints JSON, and parse it. */
export async function borgJson<S extends v.GenericSchema>(
	destination: BorgDestination,
	command: string,
	words: readonly string[],
	schema: S,
	work: Work,
): Promise<v.InferOutput<S>> {
	const { stdout } = await borg(destination, command, words, work, { reads: true, asks: true });
	return understood(schema, stdout, `borg ${command}`);
}

/** Whether borg accepts this archive name. */
export function isBorgName(archive: string): boolean {
	return (
		archive.length <= LONGEST_NAME && /^[^/\s:]([^/\n]*[^/\s])?$/.test(archive) && !archive.includes("::")
	);
}

/** An archive in borg's syntax. */
export function archiveName(destination: BorgDestination, archive: string): string {
	if (!isBorgName(archive))
		throw new HoldfastError("usage", `${JSON.stringify(archive)} is not a valid borg archive name`);
	return `${destination.repo}::${archive}`;
}

function environment(destination: BorgDestination, hasPassphrase: boolean): Record<string, string> {
	return {
		...cleanEnvironment(),
		...(process.env.SSH_AUTH_SOCK ? { SSH_AUTH_SOCK: process.env.SSH_AUTH_SOCK } : {}),
		...(hasPassphrase ? { BORG_PASSPHRASE_FD: "3" } : {}),
		// Otherwise borg would ask on the terminal, or wait forever if there is none.
		BORG_RELOCATED_REPO_ACCESS_IS_OK: destination.relocated ? "yes" : "no",
		...(destination.keyFile === undefined ? {} : { BORG_KEY_FILE: destination.keyFile }),
		BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: destination.encryption === "none" ? "yes" : "no",
		BORG_DISPLAY_PASSPHRASE: "no",
	};
}

/** borg prints an unanswered question before its message about it, on the same line. */
function parse(line: string): BorgMessage | undefined {
	const at = line.startsWith("Enter passphrase") ? line.indexOf('{"type"') : 0;
	return at >= 0 && line[at] === "{" ? understoodOr(messageSchema, line.slice(at)) : undefined;
}
