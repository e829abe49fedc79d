// Data from another machine are not trusted: limits on how much of them is read, and descriptions of what is wrong with them.
import { parseBounded } from "../host/bounded-json.ts";
import { HoldfastError } from "../values/error.ts";
import { lineOf } from "./protocol.ts";
import type { Connection } from "./ssh.ts";
import type { Address } from "./ssh-faults.ts";

/** Maximum MiB of a machine's error output. */
const MAX_MESSAGES = 16;
const LINE_LIMITS = { depth: 50, values: 200_000 };

/** Something that no Holdfast would send. */
export function invalidAnswer({ machine, host }: Address, what: string): HoldfastError {
	return new HoldfastError("answer-invalid", `no valid answer from ${machine}: it ${what}`, {
		subject: machine,
		hint: `log in there and check the holdfast program: ssh ${host}; to install it again: holdfast deploy ${machine}`,
	});
}

/** What comes before a Holdfast there says anything is of the login shell; `noise` is what it printed. */
export function invalidLogin(
	{ machine, host }: Address,
	what: string,
	noise: readonly string[],
): HoldfastError {
	return new HoldfastError("answer-invalid", `no valid answer from ${machine}: it ${what}`, {
		subject: machine,
		details: noise,
		hint: `does a start-up file of its shell print or wait? This must print nothing and end: ssh ${host} true`,
	});
}

export const mostMessages = (connection: Connection) => ({
	bytes: MAX_MESSAGES * 1024 ** 2,
	fault: () => invalidAnswer(connection.address, `sent more than ${MAX_MESSAGES} MiB of messages`),
});

/** Report data that are too long, too deep or too many as the machine's fault. */
export function inWords(connection: Connection, read: () => void): void {
	try {
		read();
	} catch (error) {
		throw error instanceof RangeError ? invalidAnswer(connection.address, `sent ${error.message}`) : error;
	}
}

export function lineIn(connection: Connection, text: string): ReturnType<typeof lineOf> {
	let value: unknown;
	try {
		value = parseBounded(text, LINE_LIMITS);
	} catch (error) {
		if (error instanceof RangeError) throw invalidAnswer(connection.address, `sent ${error.message}`);
		return undefined;
	}
	return lineOf(value);
}
