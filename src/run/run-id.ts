// A run's id: its UTC time and a few random letters. It is part of an archive's name, so it has no ":" (not allowed on exFAT).
import { randomInt } from "node:crypto";

/** HOLDFAST_RUN sets the id of this process's run: whoever started it remotely has chosen the id, to find the run again. */
export function newRunId(now = new Date()): string {
	if (process.env.HOLDFAST_RUN) return process.env.HOLDFAST_RUN;
	const time = now.toISOString().slice(0, 19).replaceAll(":", "");
	const random = randomInt(36 ** 4)
		.toString(36)
		.padStart(4, "0");
	return `${time}Z-${random}`;
}
