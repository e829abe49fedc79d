// Starts other programs from a list of arguments, never a shell. Time and output are limited, and no program outlives this one.
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { HoldfastError } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { type OutputOptions, takeOutput } from "./child-output.ts";
import type { Enclosure } from "./enclosure.ts";
import { withoutInherited } from "./inherited.ts";
import { answerReader, beginningReader } from "./lines.ts";
import { watchStandstill } from "./standstill.ts";
import { type Account, account } from "./users.ts";

/** Time between SIGTERM and SIGKILL for a process group. */
const GRACE_MS = 10_000;
/** How long a finished program's own children may hold its output open. */
const STRAY_MS = 1_000;

export interface ExecOptions extends OutputOptions {
	readonly cwd?: string;
	/** The complete environment of the child; by default a minimal one. */
	readonly env?: Readonly<Record<string, string>>;
	/** Run as this user, with the user's groups; numbers may belong to no known user. */
	readonly user?: string | Identity;
	/** Run the program and its children in this enclosure; `cwd` is a path inside it. */
	readonly enclosure?: Enclosure | undefined;
	/** Written to file descriptor 3 of the child and closed; for secrets. */
	readonly secret?: string;
	/** Open files that the child gets as descriptors 4 and up. It can open them again as /dev/fd/4 if it may read them. */
	readonly files?: readonly number[];
	/** Written to the child's standard input; empty by default. */
	readonly input?: string | Buffer;
	/** An open file that is the child's standard input. */
	readonly inputFile?: number;
	/** The child reads standard input from us through `Child.stdin`. */
	readonly pipeIn?: boolean;
	/** Called with the child's standard input once the child has started, to write to it and end it. */
	readonly feed?: ((input: Writable) => void) | undefined;
	readonly signal?: AbortSignal;
	readonly timeoutSeconds?: number;
	/** The most address space that each of its processes may have: more is refused to it. */
	readonly memoryBytes?: number;
	/** End the program, and report it, if it has done nothing for this time. For programs that do all work themselves. */
	readonly standstillSeconds?: number;
}

/** The user that runs a program. */
export type Identity = Account | Pick<Account, "uid" | "gid">;

export interface ExecResult {
	readonly code: number | null;
	readonly killedBy: NodeJS.Signals | null;
	readonly timedOut: boolean;
	/** The program did nothing for `standstillSeconds` and was ended. */
	readonly stoodStill: boolean;
	/** Child processes of the program still held its output open when it ended; they were ended too. */
	readonly leftProcesses: boolean;
	readonly stdout: readonly string[];
	readonly stderr: readonly string[];
}

export interface Child {
	readonly stdin: Writable | null;
	readonly stdout: Readable | null;
	/**
	 * Settles when the process has ended and its output has been read. Rejects only if the process could not be started or
	 * its output cannot be read.
	 */
	readonly done: Promise<ExecResult>;
}

/** A minimal environment, so that nothing from the caller's environment, such as secrets, leaks into child processes. */
export function cleanEnvironment(who?: Account): Record<string, string> {
	const home = who?.home ?? process.env.HOME;
	const name = who?.name ?? process.env.USER ?? process.env.LOGNAME;
	const kept = [
		"TZ",
		"TMPDIR",
		"XDG_RUNTIME_DIR",
		"DBUS_SESSION_BUS_ADDRESS",
		"XDG_CACHE_HOME",
		"XDG_CONFIG_HOME",
	];
	return {
		PATH: process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		LANG: "C.UTF-8",
		LC_ALL: "C.UTF-8",
		...(home === undefined ? {} : { HOME: home }),
		...(name === undefined ? {} : { USER: name, LOGNAME: name }),
		...(who
			? {}
			: Object.fromEntries(
					kept.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
				)),
	};
}

/** Start a program in a new process group. The kernel ends it if this process dies, even by SIGKILL. */
export async function start(argv: readonly string[], options: ExecOptions = {}): Promise<Child> {
	options.signal?.throwIfAborted();
	const { user } = options;
	const named = typeof user === "string" ? await account(user) : user && "name" in user ? user : undefined;
	const who = named ?? (typeof user === "string" ? undefined : user);
	const identity =
		who && who.uid !== process.getuid?.()
			? [`--reuid=${who.uid}`, `--regid=${who.gid}`, named === undefined ? "--clear-groups" : "--init-groups"]
			: [];
	const { enclosure, cwd = "/", memoryBytes } = options;
	const limits = memoryBytes === undefined ? [] : ["prlimit", `--as=${memoryBytes}`, "--"];
	const words = ["setpriv", "--pdeathsig", "KILL", ...identity, "--", ...limits, ...argv];
	const [program = "", ...rest] = enclosure === undefined ? words : enclosure.within(words, cwd);
	const child = spawn(program, rest, {
		cwd: enclosure === undefined ? cwd : "/",
		env: options.env ?? cleanEnvironment(named),
		detached: true,
		stdio: withoutInherited([
			options.inputFile ??
				(options.pipeIn || options.feed || options.input !== undefined ? "pipe" : "ignore"),
			"pipe",
			"pipe",
			options.secret === undefined ? "ignore" : "pipe",
			...(options.files ?? []),
		]),
	});
	const done = outcome(child, argv, options);
	// The error is reported to callers that await `done`; an unhandled rejection must not end this process.
	done.catch(() => {});
	// A child that exits without reading its input is not an error of the pipe.
	for (const pipe of [child.stdin, child.stdio[3]]) pipe?.on("error", () => {});
	if (options.secret !== undefined) (child.stdio[3] as Writable).end(options.secret);
	if (options.input !== undefined) child.stdin?.end(options.input);
	if (child.stdin) options.feed?.(child.stdin);
	return { stdin: child.stdin, stdout: child.stdout, done };
}

/** Run a program to completion. A failure is not an error. */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
	return (await start(argv, options)).done;
}

/**
 * Run a program and return its complete standard output, or only its first `beginning` bytes. Too much output is an error; a
 * failure of the program is not.
 */
export async function execText(
	argv: readonly string[],
	options: ExecOptions & { readonly mostBytes?: number; readonly beginning?: number } = {},
): Promise<ExecResult & { readonly text: string }> {
	const { beginning, mostBytes } = options;
	const reader = beginning === undefined ? answerReader(mostBytes) : beginningReader(beginning);
	const result = await exec(argv, { ...options, reader });
	return { ...result, text: reader.text() };
}

/** Run a program that must succeed. A failure throws an error with its last lines. */
export async function execOk(
	argv: readonly string[],
	options: ExecOptions & { readonly doing?: string } = {},
): Promise<ExecResult> {
	const result = await exec(argv, options);
	if (result.code === 0) return result;
	throw new HoldfastError(
		result.code === 127 ? "program-not-found" : "program-failed",
		`${options.doing ?? argv[0]}: ${describeEnd(result)}`,
		{
			subject: programOf(argv),
			details: result.stderr.length > 0 ? result.stderr : result.stdout,
		},
	);
}

/** How a process ended, for messages. */
export function describeEnd(result: ExecResult, timeoutSeconds?: number): string {
	if (result.stoodStill) return "made no progress for a long time and was killed";
	if (result.timedOut) return `took longer than ${timeoutSeconds ?? "its"} seconds and was killed`;
	if (result.killedBy) return `was killed by ${result.killedBy}`;
	return `ended with exit code ${result.code}`;
}

const programOf = ([program = ""]: readonly string[]) => program;

function outcome(child: ChildProcess, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
	const output = takeOutput(child, options, () => signalGroup(child, "SIGKILL"));
	const ending = endingOf(child, options, () => output.bytes);
	return new Promise((resolve, reject) => {
		child.on("error", (cause) => {
			ending.settle();
			reject(
				new HoldfastError("program-not-found", `cannot start ${argv[0]}: ${wordsOf(cause)}`, {
					subject: programOf(argv),
					cause,
				}),
			);
		});
		child.on("close", (code, killedBy) => {
			const how = ending.settle();
			if (output.unreadable !== undefined) return reject(cannotRead(argv, output.unreadable));
			resolve({ code, killedBy, ...how, stdout: output.stdout, stderr: output.stderr });
		});
	});
}

type Ending = Pick<ExecResult, "timedOut" | "stoodStill" | "leftProcesses">;

/** End the program when it is aborted, takes too long or stands still, and its children when it has ended. */
function endingOf(
	child: ChildProcess,
	{ timeoutSeconds, standstillSeconds, signal, pipeOut }: ExecOptions,
	bytesRead: () => number,
): { settle(): Ending } {
	const how = { timedOut: false, stoodStill: false, leftProcesses: false };
	let killTimer: NodeJS.Timeout | undefined;
	let strayTimer: NodeJS.Timeout | undefined;
	const end = () => {
		signalGroup(child, "SIGTERM");
		killTimer ??= setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
	};
	const because = (reason: "timedOut" | "stoodStill") => () => {
		how[reason] = true;
		end();
	};
	const limit =
		timeoutSeconds === undefined || timeoutSeconds === Number.POSITIVE_INFINITY
			? undefined
			: setTimeout(because("timedOut"), timeoutSeconds * 1000);
	let piped = 0;
	if (pipeOut && standstillSeconds !== undefined)
		child.stdout?.on("data", (chunk: Buffer) => {
			piped += chunk.length;
		});
	const unwatch =
		standstillSeconds === undefined || child.pid === undefined
			? undefined
			: watchStandstill(child.pid, standstillSeconds, () => bytesRead() + piped, because("stoodStill"));
	signal?.addEventListener("abort", end, { once: true });
	child.on("exit", () => {
		// Children of the program may hold the pipes open forever; its output ends when the program ends.
		if (pipeOut) return;
		strayTimer = setTimeout(() => {
			how.leftProcesses = true;
			signalGroup(child, "SIGKILL");
			child.stdout?.destroy();
			child.stderr?.destroy();
		}, STRAY_MS);
	});
	return {
		settle() {
			for (const timer of [limit, killTimer, strayTimer]) clearTimeout(timer);
			unwatch?.();
			signal?.removeEventListener("abort", end);
			return how;
		},
	};
}

/** The error for output that cannot be read: a `RangeError` says what was too long, other errors of the reader are kept. */
function cannotRead(argv: readonly string[], cause: unknown): unknown {
	if (!(cause instanceof RangeError)) return cause;
	return new HoldfastError("output-invalid", `${argv[0]} printed ${cause.message} and was killed`, {
		subject: programOf(argv),
		cause,
		hint: "no valid listing is that long; the source may be damaged or forged",
	});
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	try {
		process.kill(-child.pid, signal);
	} catch {
		// The process group has already ended.
	}
}
