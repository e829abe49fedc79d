// Archives for the tests of retention, and what is decided about them.
import type { Archive } from "../../src/engines/archive.ts";
import { type Records, recordsInMetadata } from "../../src/engines/archive-time.ts";
import { retain } from "../../src/engines/retention.ts";
import type { Retention } from "../../src/engines/retention-rules.ts";
import { metadataOf } from "../engines/fixtures.ts";

export const HOUR = 3_600_000;
export const NOW = new Date("2026-11-25T12:00:00");

export type Outcomes = Record<string, "good" | "failed">;

/** An archive made this many hours ago. */
export function archive(
	hours: number,
	states: Outcomes = { notes: "good" },
	hold?: string,
	name = `web01-${hours}`,
) {
	const created = new Date(NOW.getTime() - hours * HOUR).toISOString();
	return {
		name,
		created,
		metadata: {
			...metadataOf(name),
			created,
			states: Object.fromEntries(
				Object.entries(states).map(([state, outcome]) => [state, { outcome, folders: [] }]),
			),
			...(hold === undefined ? {} : { hold: { reason: hold, since: created } }),
		},
	} satisfies Archive;
}
export const decided = (
	archives: readonly Archive[],
	rules: Retention,
	records: Records = recordsInMetadata(archives),
) => retain(archives, rules, records, NOW);
/** Of those that are kept, how many hours ago they were made. */
export const kept = (...of: Parameters<typeof decided>) =>
	decided(...of)
		.filter(({ keep }) => keep)
		.map(({ archive: { name } }) => Number(name.split("-")[1]));
