// A run's id: its UTC time and a few random letters. It is part of an archive's name, so it has no ":" (not allowed on exFAT).
import { randomInt } from "node:crypto";

/**
 * HOLDFAST_RUN sets the id of this process's run: whoever started it remotely has chosen the id, to find the run again. In
 * what hooks and notifications start, it is the id of the run that they are about.
 */
export function givenRunId(env = process.env): string | undefined {
	const { HOLDFAST_RUN: run, HOLDFAST_STATE: state, HOLDFAST_EVENT: event } = env;
	return run && state === undefined && event === undefined ? run : undefined;
}

export function newRunId(now = new Date()): string {
	const given = givenRunId();
	if (given !== undefined) return given;
	const time = now.toISOString().slice(0, 19).replaceAll(":", "");
	const random = randomInt(36 ** 4)
		.toString(36)
		.padStart(4, "0");
	return `${time}Z-${random}`;
}
