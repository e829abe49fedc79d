// What the clients of database servers share: a server's own programs, run as the user that may ask.
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { cleanEnvironment, describeEnd, type ExecOptions, type Identity, start } from "../host/exec.ts";
import { howToInstall } from "../host/programs.ts";
import { standstillSeconds } from "../host/standstill.ts";
import { account } from "../host/users.ts";
import { HoldfastError } from "../values/error.ts";
import type { DumpStream, Work } from "./database.ts";

export interface Client {
	/** As it stands in messages: `PostgreSQL`. */
	readonly server: string;
	/** The Debian package that holds the programs. */
	readonly programs: string;
	/** What to look at when the server does not answer. */
	readonly look: string;
	/** What to look at when it answers, and does not do it. */
	readonly otherwise?: string;
	/** The user to ask as, or a number that is nobody's; our own when undefined. */
	readonly user: string | Identity | undefined;
	readonly env?: Readonly<Record<string, string>>;
	/** Ends what is asked. */
	readonly signal?: AbortSignal | undefined;
}

/** A question to a server is over by then: a service can keep one from being answered. */
export const QUESTION_SECONDS = 600;
/** One whose answer takes as long as the data are large. */
export const LONG_QUESTION_SECONDS = 6 * 3600;
/** A server may look through a large table that is all but empty, or save all that it has, before it sends a byte. */
const SILENT_SECONDS = 3600;
/** What the server itself ends is not ended by us at the same moment: its own words are the better ones. */
const LATER_SECONDS = 20;

export async function optionsOf({ user, env }: Client): Promise<ExecOptions> {
	return {
		env: { ...cleanEnvironment(typeof user === "string" ? await account(user) : undefined), ...env },
		...(user === undefined ? {} : { user }),
	};
}

/** For a program that asks a question. The server ends each of its statements after so many seconds, where it can. */
export async function questionOptions(client: Client, seconds = QUESTION_SECONDS): Promise<ExecOptions> {
	const { signal } = client;
	return {
		...(await optionsOf(client)),
		...(signal === undefined ? {} : { signal }),
		timeoutSeconds: seconds + LATER_SECONDS,
	};
}

/** A program of the server's that failed, in words; one that was ended since the run was is no failure. */
export function fault(
	client: Client,
	doing: string,
	result: Parameters<typeof describeEnd>[0],
): HoldfastError {
	client.signal?.throwIfAborted();
	const absent = result.code === 127;
	const says = (words: RegExp) => result.stderr.some((line) => words.test(line));
	const hint = absent
		? howToInstall(client.programs)
		: says(/database .* does not exist|Unknown database/)
			? "the server is up, and has no such database: a restore makes it again"
			: says(/connect/i)
				? client.look
				: client.otherwise;
	return new HoldfastError(
		absent ? "program-not-found" : "database-failed",
		`could not ${doing}: ${absent ? `${client.server}'s programs are not installed` : describeEnd(result)}`,
		{ details: result.stderr, ...(hint === undefined ? {} : { hint }) },
	);
}

/** A program whose output is a dump: whole when it has ended well and said something. */
export async function dumpBy(
	client: Client,
	doing: string,
	argv: readonly string[],
	{ signal, log }: Work,
): Promise<DumpStream> {
	const silent = new AbortController();
	const child = await start(argv, {
		...(await optionsOf(client)),
		pipeOut: true,
		signal: AbortSignal.any([signal, silent.signal]),
		onStderr: log,
	});
	if (!child.stdout) throw new Error(`${argv[0]} has no output`);
	let bytes = 0;
	const output = new Transform({
		transform(chunk: Buffer, _encoding, done) {
			bytes += chunk.length;
			done(null, chunk);
		},
	});
	// Read at once: when a process ends, Node throws away what nobody has begun to read.
	const { stdout } = child;
	stdout.on("error", (error) => output.destroy(error)).pipe(output);
	// Whoever reads it may give up: the program must not wait for ever then.
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
				{ hint: "does something hold a lock on a table of it, or is the server stopped?" },
			);
		if (result.code !== 0) throw fault(client, doing, result);
		if (bytes === 0) throw new HoldfastError("database-failed", `could not ${doing}: the dump is empty`);
	});
	whole.catch(() => {});
	return { output, whole };
}

/** Call `end` when it gives the same number for too long; without one, nothing is expected of it meanwhile. */
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

/** A program that must succeed. It reads `input`, or `files` (see `ExecOptions`). */
export async function perform(
	client: Client,
	doing: string,
	argv: readonly string[],
	{ signal, log }: Work,
	{ input, files }: { readonly input?: NodeJS.ReadableStream; readonly files?: readonly number[] },
): Promise<void> {
	const child = await start(argv, {
		...(await optionsOf(client)),
		...(input ? { pipeIn: true } : {}),
		...(files === undefined ? {} : { files }),
		signal,
		onStdout: log,
		onStderr: log,
	});
	// A program that fails closes its input: its own words are the better ones.
	const flow = input && child.stdin && pipeline(input, child.stdin).catch((error: Error) => error);
	const result = await child.done;
	const broken = await flow;
	signal.throwIfAborted();
	if (result.code !== 0) throw fault(client, doing, result);
	if (broken) throw broken;
}
