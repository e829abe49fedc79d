// The operator's side: have a machine do something, and hear of it. What the machine says is data of somebody else's: each
// line is bounded and measured (protocol.ts), and nothing that it says decides more than what is shown of it.
import { type Child, describeEnd, type ExecResult } from "../host/exec.ts";
import { type OutputReader, recordReader } from "../host/lines.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Listener } from "../run/event.ts";
import { HoldfastError } from "../values/error.ts";
import { VERSION } from "../values/version.ts";
import { lateGreeting, unlike, untilGreeting, welcome } from "./greeting.ts";
import { type Ended, type Greeting, PROTOCOL, type Request, SERVE } from "./protocol.ts";
import { broken, inWords, lineIn, mostMessages } from "./sent.ts";
import { answerSeconds, type Connection, throughCrowd } from "./ssh.ts";

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

/** Lines that do not fit are left out, so many of them. */
const MOST_FAULTS = 1_000;
/** From the last word to the end of the session. */
const GOODBYE_MS = 10_000;

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
	return new ConnectionLost(
		"connection-lost",
		`the connection to ${machine} broke; what was begun there goes on`,
		{
			details: code === SSH_FAILED ? stderr : [],
			hint: `see it again with: holdfast attach ${machine}`,
		},
	);
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

type Asked = Request extends infer R ? (R extends Request ? Omit<R, "protocol" | "version"> : never) : never;

function request(wish: Asked): Request {
	if (!("manifest" in wish) || !wish.manifest) return { protocol: PROTOCOL, version: VERSION, ...wish };
	// There it is the machine itself.
	const { host: _, ...manifest } = wish.manifest;
	return { protocol: PROTOCOL, version: VERSION, ...wish, manifest };
}
