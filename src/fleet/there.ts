// The operator's side: have a machine do something, and follow it. The machine's output is not trusted: each line is limited
// in size and validated (protocol.ts), and affects nothing except what is displayed.
import type { ExecOptions, ExecResult } from "../host/exec.ts";
import { type OutputReader, recordReader } from "../host/lines.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Listener } from "../run/event.ts";
import { HoldfastError } from "../values/error.ts";
import { VERSION } from "../values/version.ts";
import { checkGreeting, endWithoutGreeting, noGreeting, untilGreeting } from "./greeting.ts";
import { type Ended, type Greeting, PROTOCOL, type Request, SERVE } from "./protocol.ts";
import { invalidAnswer, inWords, lineIn, mostMessages } from "./sent.ts";
import { answerSeconds, type Connection, connectWithRetries } from "./ssh.ts";
import type { Session } from "./ssh-words.ts";

/** The exit code with which ssh itself fails. */
const SSH_FAILED = 255;

export interface RemoteRequest {
	/** The command's arguments, without those that choose a config. */
	readonly argv: readonly string[];
	/** The manifest that the machine uses; its own if omitted. */
	readonly manifest?: Manifest;
	/** The program's path, if it is not the installed one. */
	readonly program?: readonly string[];
}

export interface RemoteListener {
	/** Cancels the run there too. */
	readonly signal: AbortSignal;
	/** Stops listening; the run continues. */
	readonly leave: AbortSignal;
	readonly listener: Listener;
	/** Something that the user should know, such as clocks that differ. */
	readonly remark: (line: string) => void;
}

/** The connection ended before the run did. The run continues. */
export class ConnectionLost extends HoldfastError {}

/** How many invalid lines are ignored. */
const MAX_FAULTS = 1_000;
/** From the last line to the end of the session. */
const GOODBYE_MS = 10_000;
/** From the end of a run to the last line: the machine still sends its notifications. */
const AFTER_RUN_SECONDS = 300;

export interface Question {
	readonly signal: AbortSignal;
	readonly remark: (line: string) => void;
	/** Receives the output of the command there. */
	reader(): OutputReader;
	/** The time limit for the answer, if it differs from the usual one. */
	readonly seconds?: number;
}

/** Run a command there whose standard output is the answer. */
export function ask(
	connection: Connection,
	request: RemoteRequest,
	question: Question,
): Promise<Pick<ExecResult, "stderr"> & { readonly code: number }> {
	return connectWithRetries(question.signal, () => askOnce(connection, request, question));
}

async function askOnce(
	connection: Connection,
	{ program, ...request }: RemoteRequest,
	{ signal, remark, reader, seconds = answerSeconds() }: Question,
) {
	const stop = new AbortController();
	const noise: string[] = [];
	const answer = reader();
	let greeted = false;
	const begin = untilGreeting(connection, noise, (greeting) => {
		greeted = true;
		checkGreeting(connection, greeting, remark);
	});
	const late = endWithoutGreeting(connection, stop, noise, () => greeted);
	const child = await startServing(connection, program, {
		signal: AbortSignal.any([signal, stop.signal]),
		input: `${JSON.stringify(messageOf({ do: "ask", ...request }))}\n`,
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
	if (!greeted) throw late.fault ?? noGreeting(connection, result, noise);
	if (result.timedOut) throw invalidAnswer(connection.address, `has not answered within ${seconds} seconds`);
	return { code: result.code ?? 1, stderr: result.stderr };
}

/** Start a run there, unless it was already started, and follow it to its end. An abort cancels it there too. */
export async function operate(
	connection: Connection,
	{ program, ...request }: RemoteRequest & { readonly run: string },
	to: RemoteListener,
): Promise<Ended> {
	return follow(connection, program, messageOf({ do: "operate", ...request }), to);
}

/** Follow a run that is in progress there, or report how the last one ended. */
export async function attach(
	connection: Connection,
	run: string | undefined,
	to: RemoteListener,
): Promise<Ended> {
	return follow(
		connection,
		undefined,
		messageOf({ do: "attach", ...(run === undefined ? {} : { run }) }),
		to,
	);
}

function follow(
	connection: Connection,
	program: RemoteRequest["program"],
	request: Request,
	to: RemoteListener,
): Promise<Ended> {
	return connectWithRetries(to.signal, () => followOnce(connection, program, request, to));
}

async function followOnce(
	connection: Connection,
	program: RemoteRequest["program"],
	request: Request,
	{ signal, leave, listener, remark }: RemoteListener,
): Promise<Ended> {
	const { machine } = connection.address;
	const stop = new AbortController();
	const heard: { greeting?: Greeting; ended?: Ended; faults: number; child?: Session } = { faults: 0 };
	const noise: string[] = [];
	const afterRun = endAfterRun(connection, stop);
	const tell = (line: object) => heard.child?.stdin?.write(`${JSON.stringify(line)}\n`);
	const hear = (text: string) => {
		const line = lineIn(connection, text);
		if (line === undefined || heard.ended) return;
		if ("fault" in line) {
			if (heard.faults++ === 0) remark(`skipped an invalid message of ${machine}: ${line.fault}`);
			if (heard.faults > MAX_FAULTS)
				throw invalidAnswer(connection.address, `sent an invalid message: ${line.fault}`);
		} else if (line.type === "ended") {
			heard.ended = line;
			heard.child?.stdin?.end();
			afterRun.clear();
			// That was the session's last line.
			setTimeout(() => stop.abort(), GOODBYE_MS).unref();
		} else if (line.type === "run-started" && line.machine !== machine) {
			if ("run" in request && line.run === request.run)
				throw invalidAnswer(connection.address, `answers for another machine, "${line.machine}"`);
			afterRun.clear();
			// It belongs to a run that was interrupted there while the machine had another name.
			listener({ ...line, machine });
		} else if (line.type !== "greeting") {
			if (line.type === "run-ended") afterRun.start(line.run);
			if (line.type === "run-started") afterRun.clear();
			listener(line);
		}
	};
	const lines = recordReader(hear);
	const begin = untilGreeting(connection, noise, (greeting) => {
		heard.greeting = greeting;
		checkGreeting(connection, greeting, remark);
		tell(request);
	});
	const late = endWithoutGreeting(connection, stop, noise, () => heard.greeting !== undefined);
	const cancel = () => {
		// After the cancellation the session stays open: the undo is still to be reported.
		if (heard.greeting) tell({ cancel: true });
		else stop.abort();
	};
	try {
		heard.child = await startServing(connection, program, {
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
		if (!heard.greeting) throw late.fault ?? noGreeting(connection, result, noise);
		throw afterRun.fault ?? (leave.aborted ? left(machine) : lost(machine, result));
	} catch (error) {
		if (!heard.greeting) signal.throwIfAborted();
		throw error;
	} finally {
		late.clear();
		afterRun.clear();
		signal.removeEventListener("abort", cancel);
		heard.child?.stdin?.end();
	}
}

/** Ends a session that continues although its run has ended and no other has started. */
function endAfterRun({ address: { machine } }: Connection, stop: AbortController) {
	let timer: NodeJS.Timeout | undefined;
	const late: { fault?: HoldfastError; start(run: string): void; clear(): void } = {
		start(run) {
			const seconds = Math.min(AFTER_RUN_SECONDS, answerSeconds());
			timer ??= setTimeout(() => {
				late.fault = new HoldfastError(
					"answer-invalid",
					`${machine} reported the end of the run, but its holdfast has not ended after ${seconds} seconds`,
					{
						subject: machine,
						hint: `the result is recorded there: holdfast runs show ${run} --on ${machine}`,
					},
				);
				stop.abort();
			}, seconds * 1000).unref();
		},
		clear() {
			clearTimeout(timer);
			timer = undefined;
		},
	};
	return late;
}

function startServing(
	connection: Connection,
	program: RemoteRequest["program"],
	options: Omit<ExecOptions, "env">,
): Promise<Session> {
	return program
		? connection.start([...program, SERVE], options)
		: connection.startHoldfast([SERVE], options);
}

function lost(machine: string, { code, stderr }: ExecResult): ConnectionLost {
	return new ConnectionLost(
		"connection-lost",
		`the connection to ${machine} was lost; the run continues there`,
		{
			subject: machine,
			details: code === SSH_FAILED ? stderr : [],
			hint: `to watch it: holdfast attach ${machine}`,
		},
	);
}

function left(machine: string): HoldfastError {
	return new HoldfastError(
		"interrupted",
		`disconnected from ${machine} before its run had ended or was rolled back`,
		{
			hint: `to watch it: holdfast attach ${machine}`,
		},
	);
}

type Asked = Request extends infer R ? (R extends Request ? Omit<R, "protocol" | "version"> : never) : never;

function messageOf(request: Asked): Request {
	if (!("manifest" in request) || !request.manifest)
		return { protocol: PROTOCOL, version: VERSION, ...request };
	// On the other side it is the local machine.
	const { host: _, ...manifest } = request.manifest;
	return { protocol: PROTOCOL, version: VERSION, ...request, manifest };
}
