// When an archive was made, by whose word, and the order that follows (docs/decisions/0017): by this machine's own records
// of what it made, else by the engine's own time, else by what the archive says of itself.
import type { Archive, StateRecord } from "./archive.ts";

/** `suspicious`: it is stored, and there is reason to doubt that it is what it should be. */
export type StateOutcome = StateRecord["outcome"] | "suspicious";

/** What this machine's own records hold of one archive. */
export interface Recorded {
	/** RFC 3339. */
	readonly created: string;
	/** By state. */
	readonly outcomes: ReadonlyMap<string, StateOutcome>;
}

/** What this machine knows of one destination by itself. */
export interface Records {
	/** The states that it has now; all that it ever had where this is left out. */
	readonly states?: readonly string[];
	/** RFC 3339: when it first wrote there, as far as it knows. What is older may be its own anyway. */
	readonly since?: string;
	/** By name; some may be gone by now. */
	readonly archives: ReadonlyMap<string, Recorded>;
}

export const NO_RECORDS: Records = { archives: new Map() };

/** Clocks differ a little. */
const MOST_AHEAD_MS = 5 * 60_000;

/** Milliseconds since 1970; 0 where nobody tells. */
export const timeOf = ({ created }: Archive): number => Date.parse(created ?? "") || 0;

/** Whether this is yet to come: a clock was wrong when it was said, or is now, or somebody made it up. */
export function isAhead(milliseconds: number, now = new Date()): boolean {
	return milliseconds > now.getTime() + MOST_AHEAD_MS;
}

/** The archive with the time that counts, and whether this machine's records have it. */
export function withTime<A extends Archive>(archive: A, { archives }: Records): A {
	const known = archives.get(archive.name);
	return known === undefined ? archive : { ...archive, created: known.created, recorded: true };
}

export function oldestFirst<A extends Archive>(archives: readonly A[]): A[] {
	return archives
		.map((archive) => ({ archive, time: timeOf(archive) }))
		.sort((a, b) => a.time - b.time)
		.map(({ archive }) => archive);
}

/** Records as archives tell them of themselves: for whoever keeps none. */
export function byTheirWord(archives: readonly Archive[]): Records {
	return {
		archives: new Map(
			archives.flatMap(({ name, created, metadata }) =>
				metadata === undefined || created === undefined
					? []
					: [[name, { created, outcomes: outcomesOf(metadata.states) }] as const],
			),
		),
	};
}

export function outcomesOf(
	states: Readonly<Record<string, Pick<StateRecord, "outcome" | "suspicious">>>,
): ReadonlyMap<string, StateOutcome> {
	return new Map(Object.entries(states).map(([state, record]) => [state, outcomeOf(record)]));
}

export function outcomeOf({
	outcome,
	suspicious,
}: Pick<StateRecord, "outcome" | "suspicious">): StateOutcome {
	return outcome === "good" && suspicious !== undefined ? "suspicious" : outcome;
}
