// The operator's side: have a machine do something, and hear of it.
import { createInterface } from "node:readline";
import type { Child } from "../host/exec.ts";
import { describeEnd } from "../host/exec.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import { VERSION } from "../manifest/version.ts";
import type { Listener } from "../run/event.ts";
import { type Ended, type Greeting, type Line, PROTOCOL, type Request, SERVE } from "./protocol.ts";
import { type Connection, throughCrowd } from "./ssh.ts";

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
	readonly signal: AbortSignal;
	readonly listener: Listener;
	/** Something that a person should know, such as clocks that differ. */
	readonly remark: (line: string) => void;
}

/** The connection ended before the run did. The run goes on. */
export class ConnectionLost extends HoldfastError {}

interface Said {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: readonly string[];
}

/** Run a command there whose standard output is the answer. */
export function ask(
	connection: Connection,
	wish: Wish,
	hearing: Pick<Hearing, "signal" | "remark">,
): Promise<Said> {
	return throughCrowd(hearing.signal, () => askOnce(connection, wish, hearing));
}

async function askOnce(
	connection: Connection,
	{ program = PROGRAM, ...wish }: Wish,
	{ signal, remark }: Pick<Hearing, "signal" | "remark">,
): Promise<Said> {
	const child = await connection.start([...program, SERVE], {
		signal,
		input: `${JSON.stringify(request({ do: "ask", ...wish }))}\n`,
		pipeOut: true,
	});
	const chunks: Buffer[] = [];
	for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
	const result = await child.done;
	signal.throwIfAborted();
	const text = Buffer.concat(chunks).toString("utf8");
	// What a shell's own start-up files print comes before it.
	const lines = text.split("\n");
	const first = lines.findIndex((line) => greetingIn(line));
	const greeting = greetingIn(lines[first] ?? "");
	if (!greeting) throw unlike(connection, result.stderr, text, describeEnd(result));
	welcome(connection, greeting, remark);
	return { code: result.code ?? 1, stdout: lines.slice(first + 1).join("\n"), stderr: result.stderr };
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
	{ signal, listener, remark }: Hearing,
): Promise<Ended> {
	const unheard = new AbortController();
	const child = await connection.start([...program, SERVE], {
		pipeIn: true,
		pipeOut: true,
		signal: unheard.signal,
	});
	let welcomed = false;
	const tell = (line: object) => child.stdin?.write(`${JSON.stringify(line)}\n`);
	const cancel = () => {
		// Once it is asked the session stays: what it tells of the undo is still to be heard.
		if (welcomed) tell({ cancel: true });
		else unheard.abort();
	};
	signal.addEventListener("abort", cancel, { once: true });
	if (signal.aborted) cancel();
	try {
		return await hear(connection, child, listener, (greeting) => {
			welcome(connection, greeting, remark);
			welcomed = true;
			tell(wish);
		});
	} catch (error) {
		if (!welcomed) signal.throwIfAborted();
		throw error;
	} finally {
		signal.removeEventListener("abort", cancel);
		child.stdin?.end();
	}
}

async function hear(
	connection: Connection,
	child: Child,
	listener: Listener,
	onGreeting: (greeting: Greeting) => void,
): Promise<Ended> {
	let greeting: Greeting | undefined;
	let ended: Ended | undefined;
	const other: string[] = [];
	if (child.stdout)
		for await (const text of createInterface({ input: child.stdout })) {
			const line = lineIn(text);
			if (!line) other.push(text);
			else if (line.type === "greeting") {
				greeting = line;
				onGreeting(greeting);
			} else if (line.type === "ended") {
				ended = line;
				child.stdin?.end();
			} else listener(line);
		}
	const result = await child.done;
	if (ended) return ended;
	if (!greeting) throw unlike(connection, result.stderr, other.join("\n"), describeEnd(result));
	const { machine } = connection.address;
	throw new ConnectionLost("failed", `the connection to ${machine} broke; what was begun there goes on`, {
		details: result.code === SSH_FAILED ? result.stderr : [],
		hint: `see it again with: holdfast attach ${machine}`,
	});
}

type Asked = Request extends infer R ? (R extends Request ? Omit<R, "protocol" | "version"> : never) : never;

function request(wish: Asked): Request {
	if (!("manifest" in wish) || !wish.manifest) return { protocol: PROTOCOL, version: VERSION, ...wish };
	// There it is the machine itself.
	const { host: _, ...manifest } = wish.manifest;
	return { protocol: PROTOCOL, version: VERSION, ...wish, manifest };
}

function lineIn(text: string): Line | undefined {
	try {
		const line = JSON.parse(text) as Partial<Line> | null;
		return typeof line?.type === "string" ? (line as Line) : undefined;
	} catch {
		return undefined;
	}
}

function greetingIn(text: string): Greeting | undefined {
	const line = lineIn(text);
	return line?.type === "greeting" ? line : undefined;
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
	stdout: string,
	end: string,
): HoldfastError {
	const { machine } = connection.address;
	if (/No command registered for .*__serve/.test([...stderr, stdout].join("\n")))
		return new HoldfastError(
			"failed",
			`the Holdfast on ${machine} is older than this one and cannot be spoken to`,
			{
				hint: `bring it up to date: holdfast deploy ${machine}`,
			},
		);
	return connection.fault(stderr.length > 0 ? stderr : stdout.split("\n").slice(0, 10), end);
}
