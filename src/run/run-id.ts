// A run's id: its time in UTC and a few random letters; part of an archive's name, so no ":" (exFAT has none).
import { randomInt } from "node:crypto";

/** HOLDFAST_RUN names the run of this process: who started it from elsewhere has chosen the id, to know it again. */
export function newRunId(now = new Date()): string {
	if (process.env.HOLDFAST_RUN) return process.env.HOLDFAST_RUN;
	const time = now.toISOString().slice(0, 19).replaceAll(":", "");
	const random = randomInt(36 ** 4)
		.toString(36)
		.padStart(4, "0");
	return `${time}Z-${random}`;
}
