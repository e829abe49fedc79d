// Shared by the clients of all database servers: run the server's own programs as the user that may connect.
import { Transform, type Writable } from "node:stream";
import { cleanEnvironment, describeEnd, type ExecOptions, exec, type Identity, start } from "../host/exec.ts";
import { eachPart } from "../host/file-parts.ts";
import { howToInstall, programPath } from "../host/programs.ts";
import { standstillSeconds } from "../host/standstill.ts";
import { account } from "../host/users.ts";
import { HoldfastError } from "../values/error.ts";
import type { DumpStream, Work } from "./database.ts";

export interface Client {
	/** The server's name in messages: `PostgreSQL`. */
	readonly server: string;
	/** The Debian package that contains the programs; undefined if that is not known. */
	readonly programs?: string;
	/** Hint for when the server does not answer. */
	readonly look: string;
	/** Hint for when the server wants a password, or another one. */
	readonly password?: string;
	/** Hint for when the server answers but refuses or fails. */
	readonly otherwise?: string;
	/** Hint for when a program of a command of the config was not found. */
	readonly notFound?: string;
	/** The user to run the programs as. A number need not belong to any user. Undefined: run as ourselves. */
	readonly user: string | Identity | undefined;
	readonly env?: Readonly<Record<string, string>>;
	/** How long a dump may take. */
	readonly timeoutSeconds?: number;
	/** Aborts the programs that are running. */
	readonly signal?: AbortSignal | undefined;
}

/** The exit code of a shell that does not find a program. */
export const NOT_FOUND = 127;

/** PostgreSQL's, MySQL's and MariaDB's words. */
const WANTS_PASSWORD = /no password supplied|password authentication failed|Access denied for user/;

/** Time limit for an ordinary query, in case the service blocks it. */
export const QUESTION_SECONDS = 600;
/** Time limit for a query whose duration grows with the amount of data. */
export const LONG_QUESTION_SECONDS = 6 * 3600;
/**
 * The server may send nothing for a long time while it scans a large, nearly empty table or saves the dataset to disk.
 */
const SILENT_SECONDS = 3600;
/** A client keeps an answer in memory until it has all of it, and the server decides how long that is. */
const ANSWER_MEMORY_BYTES = 1024 ** 3;
/** Bytes that a program writes at a time instead of the C library's 4 KiB. More makes it no faster. */
const WRITTEN_BYTES = 64 * 1024;
/** Our own time limit is this much longer than the server's, so that the server's error message arrives first. */
const LATER_SECONDS = 20;

export async function optionsOf({ user, env }: Client): Promise<ExecOptions> {
	return {
		env: { ...cleanEnvironment(typeof user === "string" ? await account(user) : undefined), ...env },
		...(user === undefined ? {} : { user }),
	};
}

/** Options for a program that sends a query. Where possible, the server itself ends each statement after `seconds`. */
export async function questionOptions(client: Client, seconds = QUESTION_SECONDS): Promise<ExecOptions> {
	const { signal } = client;
	return {
		...(await optionsOf(client)),
		...(signal === undefined ? {} : { signal }),
		timeoutSeconds: seconds + LATER_SECONDS,
		memoryBytes: ANSWER_MEMORY_BYTES,
	};
}

/** The error for a server program that failed. Throws the abort reason instead if the run was aborted. */
export function fault(
	client: Client,
	doing: string,
	result: Parameters<typeof describeEnd>[0],
): HoldfastError {
	client.signal?.throwIfAborted();
	if (result.code === NOT_FOUND && client.programs !== undefined)
		return new HoldfastError(
			"program-not-found",
			`could not ${doing}: ${client.server}'s programs are not installed`,
			{ subject: client.programs, details: result.stderr, hint: howToInstall(client.programs) },
		);
	const says = (words: RegExp) => result.stderr.some((line) => words.test(line));
	const hint = says(/database .* does not exist|Unknown database/)
		? "the server is running, but this database does not exist; a restore creates it"
		: client.password !== undefined && says(WANTS_PASSWORD)
			? client.password
			: says(/connect/i)
				? client.look
				: result.code === NOT_FOUND
					? (client.notFound ?? client.otherwise)
					: client.otherwise;
	return new HoldfastError(
		"database-failed",
		`could not ${doing}: ${describeEnd(result, client.timeoutSeconds)}`,
		{
			details: result.stderr,
			hint,
		},
	);
}

/**
 * The same program, but its output comes in large pieces if stdbuf(1) is there. For programs of which it is known that they
 * write through the C library, and no more than that at a time: they and whoever reads them spend a third of their time on it.
 */
export async function inLargePieces(argv: readonly string[]): Promise<readonly string[]> {
	const [program = ""] = argv;
	const buffered = ["stdbuf", `--output=${WRITTEN_BYTES}`];
	if (programPath("stdbuf") === undefined) return argv;
	// It loads a library into the program, which one with a C library of its own may not take.
	const { code } = await exec([...buffered, program, "--version"], { timeoutSeconds: QUESTION_SECONDS });
	return code === 0 ? [...buffered, ...argv] : argv;
}

/**
 * Run a program that writes a dump to stdout. The dump is complete once the program has succeeded and written
 * something.
 */
export async function dumpBy(
	client: Client,
	doing: string,
	argv: readonly string[],
	{ signal, log }: Work,
): Promise<DumpStream> {
	const silent = new AbortController();
	const child = await start(argv, {
		...(await optionsOf(client)),
		...(client.timeoutSeconds === undefined ? {} : { timeoutSeconds: client.timeoutSeconds }),
		pipeOut: true,
		signal: AbortSignal.any([signal, silent.signal]),
		onStderr: log,
	});
	if (!child.stdout) throw new Error("a dump has no output");
	let bytes = 0;
	const output = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			done(null, chunk);
		},
	});
	// Start reading immediately: when a process exits, Node discards output that nobody has started to read.
	const { stdout } = child;
	stdout.on("error", (error) => output.destroy(error)).pipe(output);
	// If the consumer stops reading, close the pipe so that the program does not block forever.
	output.on("close", () => stdout.destroy());
	const noLonger = whenSilent(
		() => (output.writableNeedDrain ? undefined : bytes),
		() => silent.abort(),
	);
	const whole = child.done.finally(noLonger).then((result) => {
		signal.throwIfAborted();
		if (silent.signal.aborted)
			throw new HoldfastError(
				"database-failed",
				`could not ${doing}: the server sent nothing for ${standstillSeconds(SILENT_SECONDS)} seconds`,
				{
					hint: "check whether another session holds a lock on one of its tables, and whether the server is stopped",
				},
			);
		if (result.code !== 0 || result.timedOut) throw fault(client, doing, result);
		if (bytes === 0)
			throw new HoldfastError("database-failed", `could not ${doing}: the dump is empty`, {
				details: result.stderr,
				hint: client.otherwise,
			});
	});
	whole.catch(() => {});
	return { output, whole };
}

/**
 * Call `end` when `bytes` returns the same number for too long. Undefined means that no progress is expected right now.
 */
function whenSilent(bytes: () => number | undefined, end: () => void): () => void {
	const most = standstillSeconds(SILENT_SECONDS) * 1000;
	let [known, since] = [bytes(), performance.now()];
	const timer = setInterval(() => {
		const now = bytes();
		if (now === undefined || now !== known) [known, since] = [now, performance.now()];
		else if (performance.now() - since >= most) end();
	}, most / 20).unref();
	return () => clearInterval(timer);
}

/** Run a program that must succeed. It reads the first `bytes` of `input`, or `files` (see `ExecOptions`). */
export async function perform(
	client: Client,
	doing: string,
	argv: readonly string[],
	{ signal, log }: Work,
	{
		input,
		files,
	}: {
		readonly input?: { readonly path: string; readonly bytes: number };
		readonly files?: readonly number[];
	},
): Promise<void> {
	const child = await start(argv, {
		...(await optionsOf(client)),
		...(input ? { pipeIn: true } : {}),
		...(files === undefined ? {} : { files }),
		signal,
		onStdout: log,
		onStderr: log,
	});
	// A program that fails closes its input. Its own error message is more useful than our broken pipe.
	const flow = input && child.stdin && feed(child.stdin, input).catch((error: Error) => error);
	const result = await child.done;
	const broken = await flow;
	signal.throwIfAborted();
	if (result.code !== 0) throw fault(client, doing, result);
	if (broken) throw broken;
}

async function feed(stdin: Writable, { path, bytes }: { readonly path: string; readonly bytes: number }) {
	const write = (part: Buffer) =>
		new Promise<void>((resolve, reject) => {
			stdin.write(part, (error) => (error ? reject(error) : resolve()));
		});
	try {
		await eachPart(path, write, bytes);
		stdin.end();
	} catch (error) {
		stdin.destroy();
		throw error;
	}
}
