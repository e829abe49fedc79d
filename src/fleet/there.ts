// The operator's side: have a machine do something, and hear of it. What the machine says is data of somebody else's: each
// line is bounded and measured (protocol.ts), and nothing that it says decides more than what is shown of it.
import { parseBounded } from "../host/bounded-json.ts";
import { type Child, describeEnd, type ExecResult } from "../host/exec.ts";
import { type OutputReader, recordReader } from "../host/lines.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import { VERSION } from "../manifest/version.ts";
import type { Listener } from "../run/event.ts";
import { type Ended, type Greeting, lineOf, PROTOCOL, type Request, SERVE } from "./protocol.ts";
import { type Address, answerSeconds, type Connection, greetingSeconds, throughCrowd } from "./ssh.ts";

/** Clocks that differ by more are told of: `latest`, ages and retention go by them. */
const MOST_SKEW_SECONDS = 5 * 60;
/** The code with which ssh itself fails. */
const SSH_FAILED = 255;

/** The program there: what a deploy or a package has put into the path. */
export const PROGRAM: readonly string[] = ["holdfast"];

export interface Wish {
	/** Words of the command, without those that choose a config. */
	readonly argv: readonly string[];
	/** What the machine is to go by; its own manifest when left out. */
	readonly manifest?: Manifest;
	/** Where the program is, when it is not the installed one. */
	readonly program?: readonly string[];
}

export interface Hearing {
	/** Cancels the run there too. */
	readonly signal: AbortSignal;
	/** Ends the hearing; the run goes on. */
	readonly leave: AbortSignal;
	readonly listener: Listener;
	/** Something that a person should know, such as clocks that differ. */
	readonly remark: (line: string) => void;
}

/** The connection ended before the run did. The run goes on. */
export class ConnectionLost extends HoldfastError {}

/** Bytes that may come before the greeting: what a shell's own start-up files print. */
const MOST_NOISE = 1024 * 1024;
/** MiB that a machine may complain. */
const MOST_MESSAGES = 16;
const LINE_LIMITS = { depth: 50, values: 200_000 };
/** Lines that do not fit are left out, so many of them. */
const MOST_FAULTS = 1_000;
/** From the last word to the end of the session. */
const GOODBYE_MS = 10_000;

/** What no Holdfast would do. */
export function broken({ machine, host }: Address, what: string): HoldfastError {
	return new HoldfastError("failed", `${machine} ${what}: that is not how Holdfast answers`, {
		hint: `log in there and see what its holdfast is: ssh ${host}; to put it back: holdfast deploy ${machine}`,
	});
}

export interface Question {
	readonly signal: AbortSignal;
	readonly remark: (line: string) => void;
	/** Takes what the command there prints. */
	reader(): OutputReader;
	/** How long the answer may take, when not as long as answers usually may. */
	readonly seconds?: number;
}

/** Run a command there whose standard output is the answer. */
export function ask(
	connection: Connection,
	wish: Wish,
	question: Question,
): Promise<Pick<ExecResult, "stderr"> & { readonly code: number }> {
	return throughCrowd(question.signal, () => askOnce(connection, wish, question));
}

async function askOnce(
	connection: Connection,
	{ program = PROGRAM, ...wish }: Wish,
	{ signal, remark, reader, seconds = answerSeconds() }: Question,
) {
	const stop = new AbortController();
	const noise: string[] = [];
	const answer = reader();
	let greeted = false;
	const begin = untilGreeting(connection, noise, (greeting) => {
		greeted = true;
		welcome(connection, greeting, remark);
	});
	const late = lateGreeting(connection, stop, () => greeted);
	const child = await connection.start([...program, SERVE], {
		signal: AbortSignal.any([signal, stop.signal]),
		input: `${JSON.stringify(request({ do: "ask", ...wish }))}\n`,
		mostMessages: mostMessages(connection),
		timeoutSeconds: seconds,
		reader: {
			push(chunk) {
				inWords(connection, () => answer.push(greeted ? chunk : begin(chunk)));
			},
			end: () => inWords(connection, () => (greeted ? answer.end?.() : undefined)),
		},
	});
	const result = await child.done.finally(late.clear);
	signal.throwIfAborted();
	if (result.timedOut) throw broken(connection.address, `has not answered within ${seconds} seconds`);
	if (!greeted) throw late.fault ?? unlike(connection, result.stderr, noise, describeEnd(result));
	return { code: result.code ?? 1, stderr: result.stderr };
}

/** Start a run there, unless it was started already, and hear of it until its end. An abort cancels it there too. */
export async function operate(
	connection: Connection,
	{ program = PROGRAM, ...wish }: Wish & { readonly run: string },
	hearing: Hearing,
): Promise<Ended> {
	return follow(connection, program, request({ do: "operate", ...wish }), hearing);
}

/** Hear of a run that is under way there, or how the last one went. */
export async function attach(
	connection: Connection,
	run: string | undefined,
	hearing: Hearing,
): Promise<Ended> {
	return follow(
		connection,
		PROGRAM,
		request({ do: "attach", ...(run === undefined ? {} : { run }) }),
		hearing,
	);
}

function follow(
	connection: Connection,
	program: readonly string[],
	wish: Request,
	hearing: Hearing,
): Promise<Ended> {
	return throughCrowd(hearing.signal, () => followOnce(connection, program, wish, hearing));
}

async function followOnce(
	connection: Connection,
	program: readonly string[],
	wish: Request,
	{ signal, leave, listener, remark }: Hearing,
): Promise<Ended> {
	const { machine } = connection.address;
	const stop = new AbortController();
	const heard: { greeting?: Greeting; ended?: Ended; faults: number; child?: Child } = { faults: 0 };
	const noise: string[] = [];
	const tell = (line: object) => heard.child?.stdin?.write(`${JSON.stringify(line)}\n`);
	const hear = (text: string) => {
		const line = lineIn(connection, text);
		if (line === undefined || heard.ended) return;
		if ("fault" in line) {
			if (heard.faults++ === 0) remark(`${machine} says what cannot be read, and is left out: ${line.fault}`);
			if (heard.faults > MOST_FAULTS)
				throw broken(connection.address, `says nothing that can be read: ${line.fault}`);
		} else if (line.type === "ended") {
			heard.ended = line;
			heard.child?.stdin?.end();
			// Whoever has said so has nothing more to say.
			setTimeout(() => stop.abort(), GOODBYE_MS).unref();
		} else if (line.type === "run-started" && line.machine !== machine) {
			if ("run" in wish && line.run === wish.run)
				throw broken(connection.address, `answers for another machine, "${line.machine}"`);
			// One that died there under a name that the machine had before.
			listener({ ...line, machine });
		} else if (line.type !== "greeting") listener(line);
	};
	const lines = recordReader(hear);
	const begin = untilGreeting(connection, noise, (greeting) => {
		heard.greeting = greeting;
		welcome(connection, greeting, remark);
		tell(wish);
	});
	const late = lateGreeting(connection, stop, () => heard.greeting !== undefined);
	const cancel = () => {
		// Once it is asked the session stays: what it tells of the undo is still to be heard.
		if (heard.greeting) tell({ cancel: true });
		else stop.abort();
	};
	try {
		heard.child = await connection.start([...program, SERVE], {
			pipeIn: true,
			mostMessages: mostMessages(connection),
			signal: AbortSignal.any([leave, stop.signal]),
			reader: {
				push(chunk) {
					inWords(connection, () => lines.push(heard.greeting ? chunk : begin(chunk)));
				},
				end: () => inWords(connection, () => (heard.greeting ? lines.end?.() : undefined)),
			},
		});
		signal.addEventListener("abort", cancel, { once: true });
		if (signal.aborted) cancel();
		const result = await heard.child.done;
		if (heard.ended) return heard.ended;
		if (!heard.greeting) throw late.fault ?? unlike(connection, result.stderr, noise, describeEnd(result));
		throw leave.aborted ? left(machine) : lost(machine, result);
	} catch (error) {
		if (!heard.greeting) signal.throwIfAborted();
		throw error;
	} finally {
		late.clear();
		signal.removeEventListener("abort", cancel);
		heard.child?.stdin?.end();
	}
}

function lost(machine: string, { code, stderr }: ExecResult): ConnectionLost {
	return new ConnectionLost("failed", `the connection to ${machine} broke; what was begun there goes on`, {
		details: code === SSH_FAILED ? stderr : [],
		hint: `see it again with: holdfast attach ${machine}`,
	});
}

function left(machine: string): HoldfastError {
	return new HoldfastError(
		"interrupted",
		`${machine} was left before it had ended, or undone, what was begun`,
		{
			hint: `see how it goes on with: holdfast attach ${machine}`,
		},
	);
}

/** Takes what comes before the greeting, and gives back what comes after it. */
function untilGreeting(
	connection: Connection,
	noise: string[],
	onGreeting: (greeting: Greeting) => void,
): (chunk: Buffer) => Buffer {
	let bytes = 0;
	let greeting: Greeting | undefined;
	const lines = recordReader((text) => {
		greeting = greetingIn(connection, text);
		if (!greeting && noise.length < 10) noise.push(text);
	});
	return (chunk) => {
		bytes += chunk.length;
		if (bytes > MOST_NOISE)
			throw broken(connection.address, `printed more than ${MOST_NOISE / 1024} KiB before anything else`);
		for (let from = 0; from < chunk.length; ) {
			const end = chunk.indexOf("\n", from) + 1 || chunk.length;
			lines.push(chunk.subarray(from, end));
			from = end;
			if (!greeting) continue;
			onGreeting(greeting);
			return chunk.subarray(from);
		}
		return NOTHING;
	};
}

const NOTHING = Buffer.alloc(0);

/** Ends a session in which nothing of ours is heard. */
function lateGreeting(connection: Connection, stop: AbortController, greeted: () => boolean) {
	const seconds = greetingSeconds();
	const late: { fault?: HoldfastError; clear(): void } = { clear: () => clearTimeout(timer) };
	const timer = setTimeout(() => {
		if (greeted()) return;
		late.fault = broken(connection.address, `let us in and has said nothing for ${seconds} seconds`);
		stop.abort();
	}, seconds * 1000).unref();
	return late;
}

const mostMessages = (connection: Connection) => ({
	bytes: MOST_MESSAGES * 1024 ** 2,
	fault: () => broken(connection.address, `sent more than ${MOST_MESSAGES} MiB of messages`),
});

/** What is too long, too deep or too much, as the machine's own fault. */
function inWords(connection: Connection, read: () => void): void {
	try {
		read();
	} catch (error) {
		throw error instanceof RangeError ? broken(connection.address, `sent ${error.message}`) : error;
	}
}

type Asked = Request extends infer R ? (R extends Request ? Omit<R, "protocol" | "version"> : never) : never;

function request(wish: Asked): Request {
	if (!("manifest" in wish) || !wish.manifest) return { protocol: PROTOCOL, version: VERSION, ...wish };
	// There it is the machine itself.
	const { host: _, ...manifest } = wish.manifest;
	return { protocol: PROTOCOL, version: VERSION, ...wish, manifest };
}

function lineIn(connection: Connection, text: string): ReturnType<typeof lineOf> {
	let value: unknown;
	try {
		value = parseBounded(text, LINE_LIMITS);
	} catch (error) {
		if (error instanceof RangeError) throw broken(connection.address, `sent ${error.message}`);
		return undefined;
	}
	return lineOf(value);
}

/** It may stand behind what a start-up file printed without an end of line. */
function greetingIn(connection: Connection, text: string): Greeting | undefined {
	const at = text.lastIndexOf('{"type":"greeting"');
	const line = at < 0 ? undefined : lineIn(connection, text.slice(at));
	return line && "type" in line && line.type === "greeting" ? line : undefined;
}

function welcome({ address: { machine } }: Connection, greeting: Greeting, remark: (line: string) => void) {
	const there = `${machine} has Holdfast ${greeting.version}, this is ${VERSION}`;
	if (greeting.protocol !== PROTOCOL)
		throw new HoldfastError("failed", `${there}, and they do not understand each other`, {
			hint:
				greeting.protocol < PROTOCOL
					? `bring it up to date: holdfast deploy ${machine}`
					: "bring this one up to date",
		});
	if (greeting.version !== VERSION)
		remark(`${there}; they understand each other. To make them the same: holdfast deploy ${machine}`);
	const skew = (Date.parse(greeting.time) - Date.now()) / 1000;
	if (Math.abs(skew) > MOST_SKEW_SECONDS)
		remark(
			`the clock of ${machine} is ${spanOf(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} this one: "latest", ages and retention go by it. See: timedatectl`,
		);
}

function spanOf(seconds: number): string {
	return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}

/** No greeting: there is no Holdfast, one that is too old, or no way there. */
function unlike(
	connection: Connection,
	stderr: readonly string[],
	noise: readonly string[],
	end: string,
): HoldfastError {
	const { machine } = connection.address;
	if (/No command registered for .*__serve/.test([...stderr, ...noise].join("\n")))
		return new HoldfastError(
			"failed",
			`the Holdfast on ${machine} is older than this one and cannot be spoken to`,
			{
				hint: `bring it up to date: holdfast deploy ${machine}`,
			},
		);
	return connection.fault(stderr.length > 0 ? stderr : noise, end);
}
