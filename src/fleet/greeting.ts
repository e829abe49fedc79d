// The greeting of a remote Holdfast: what may precede it, what it contains, and what its absence means.
import { describeEnd } from "../host/exec.ts";
import { recordReader } from "../host/lines.ts";
import { counted } from "../values/counted.ts";
import { HoldfastError } from "../values/error.ts";
import { VERSION } from "../values/version.ts";
import { type Greeting, PROTOCOL } from "./protocol.ts";
import { invalidLogin, lineIn } from "./sent.ts";
import { type Connection, greetingSeconds } from "./ssh.ts";
import type { SessionEnd } from "./ssh-words.ts";

/** A larger difference between the clocks is reported: `latest`, ages and retention depend on them. */
const MAX_SKEW_SECONDS = 5 * 60;
/** Maximum bytes before the greeting: output of a shell's start-up files. */
const MAX_NOISE = 1024 * 1024;

/** Consumes what precedes the greeting, and returns what follows it. */
export function untilGreeting(
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
		if (bytes > MAX_NOISE)
			throw invalidLogin(
				connection.address,
				`printed more than ${MAX_NOISE / 1024} KiB before anything else`,
				noise,
			);
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

/** Ends a session in which no greeting arrives; `noise` is what precedes it. */
export function endWithoutGreeting(
	connection: Connection,
	stop: AbortController,
	noise: readonly string[],
	greeted: () => boolean,
) {
	const seconds = greetingSeconds();
	const late: { fault?: HoldfastError; clear(): void } = { clear: () => clearTimeout(timer) };
	const timer = setTimeout(() => {
		if (greeted()) return;
		late.fault = invalidLogin(
			connection.address,
			`accepted the login and ran no Holdfast for ${counted(seconds, "second")}`,
			noise,
		);
		stop.abort();
	}, seconds * 1000).unref();
	return late;
}

/** It may follow output of a start-up file that has no newline at its end. */
function greetingIn(connection: Connection, text: string): Greeting | undefined {
	const at = text.lastIndexOf('{"type":"greeting"');
	const line = at < 0 ? undefined : lineIn(connection, text.slice(at));
	return line && "type" in line && line.type === "greeting" ? line : undefined;
}

export function checkGreeting(
	{ address: { machine } }: Connection,
	greeting: Greeting,
	remark: (line: string) => void,
) {
	const there = `${machine} has Holdfast ${greeting.version}, this is ${VERSION}`;
	if (greeting.protocol !== PROTOCOL)
		throw new HoldfastError("holdfast-incompatible", `${there}; these versions are not compatible`, {
			subject: machine,
			hint:
				greeting.protocol < PROTOCOL
					? `update it: holdfast deploy ${machine}`
					: "update Holdfast on this machine",
		});
	if (greeting.version !== VERSION)
		remark(
			`${there}; these versions are compatible. To use the same version on both: holdfast deploy ${machine}`,
		);
	const skew = (Date.parse(greeting.time) - Date.now()) / 1000;
	if (Math.abs(skew) > MAX_SKEW_SECONDS)
		remark(
			`the clock of ${machine} is ${spanOf(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} this one; "latest", ages and retention depend on it. See: timedatectl`,
		);
}

function spanOf(seconds: number): string {
	return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}

/** No greeting: Holdfast is missing or too old, or the machine cannot be reached. */
export function noGreeting(connection: Connection, end: SessionEnd, noise: readonly string[]): HoldfastError {
	const { machine } = connection.address;
	if (/(No command registered for|unknown command) .*__serve/.test([...end.stderr, ...noise].join("\n")))
		return new HoldfastError("holdfast-incompatible", `the Holdfast on ${machine} is too old for this one`, {
			subject: machine,
			hint: `update it: holdfast deploy ${machine}`,
		});
	return connection.fault(end, describeEnd(end), noise);
}
