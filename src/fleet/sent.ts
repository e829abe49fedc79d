// What a machine sends is somebody else's: how much of it is read, and what is wrong with it in words.
import { parseBounded } from "../host/bounded-json.ts";
import { HoldfastError } from "../values/error.ts";
import { lineOf } from "./protocol.ts";
import type { Address, Connection } from "./ssh.ts";

/** MiB that a machine may complain. */
const MOST_MESSAGES = 16;
const LINE_LIMITS = { depth: 50, values: 200_000 };

/** What no Holdfast would do. */
export function broken({ machine, host }: Address, what: string): HoldfastError {
	return new HoldfastError("answer-invalid", `${machine} ${what}: that is not how Holdfast answers`, {
		hint: `log in there and see what its holdfast is: ssh ${host}; to put it back: holdfast deploy ${machine}`,
	});
}

export const mostMessages = (connection: Connection) => ({
	bytes: MOST_MESSAGES * 1024 ** 2,
	fault: () => broken(connection.address, `sent more than ${MOST_MESSAGES} MiB of messages`),
});

/** What is too long, too deep or too much, as the machine's own fault. */
export function inWords(connection: Connection, read: () => void): void {
	try {
		read();
	} catch (error) {
		throw error instanceof RangeError ? broken(connection.address, `sent ${error.message}`) : error;
	}
}

export function lineIn(connection: Connection, text: string): ReturnType<typeof lineOf> {
	let value: unknown;
	try {
		value = parseBounded(text, LINE_LIMITS);
	} catch (error) {
		if (error instanceof RangeError) throw broken(connection.address, `sent ${error.message}`);
		return undefined;
	}
	return lineOf(value);
}
