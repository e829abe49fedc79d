// When an archive was made, and the order of archives (docs/decisions/0017). The time comes from this machine's records if
// they have the archive, else from the engine, else from the archive's metadata.
import type { Archive, StateRecord } from "./archive.ts";

/** `suspicious`: stored, but there is reason to doubt its content. */
export type StateOutcome = StateRecord["outcome"] | "suspicious";

/** This machine's record of one archive. */
export interface Recorded {
	/** RFC 3339. */
	readonly created: string;
	/** By state. */
	readonly outcomes: ReadonlyMap<string, StateOutcome>;
}

/** This machine's records of one destination. */
export interface Records {
	/** The machine's current states; if left out, all states that it ever had. */
	readonly states?: readonly string[];
	/** RFC 3339: the first recorded write to the destination. Older archives may be this machine's too. */
	readonly since?: string;
	/** Names of archives that an unfinished run restores from: until it has ended, they may be all that there is of a state. */
	readonly needed?: ReadonlySet<string>;
	/** By name; some of them may have been deleted since. */
	readonly archives: ReadonlyMap<string, Recorded>;
}

export const NO_RECORDS: Records = { archives: new Map() };

/** Tolerance for clocks that differ a little. */
const MAX_AHEAD_MS = 5 * 60_000;

/** Milliseconds since 1970; 0 if unknown. */
export const timeOf = ({ created }: Archive): number => Date.parse(created ?? "") || 0;

/** Whether a time is in the future: a clock was or is wrong, or somebody forged it. */
export function isAhead(milliseconds: number, now = new Date()): boolean {
	return milliseconds > now.getTime() + MAX_AHEAD_MS;
}

/** The archive with the time from this machine's records, if they have it. */
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

/**
 * As `oldestFirst`, for archives of several destinations. The copies that one run wrote differ by milliseconds: among those,
 * that of the first destination given is last, so that `latest` always means it.
 */
export function oldestRunFirst<A extends Archive>(archives: readonly A[]): A[] {
	const place = new Map(archives.map((archive, at) => [archive, at]));
	const runs: A[][] = [];
	for (const archive of oldestFirst(archives)) {
		const before = runs.at(-1);
		// Only neighbours: anybody could have given an archive the name of another.
		if (before?.[0]?.name === archive.name) before.push(archive);
		else runs.push([archive]);
	}
	return runs.flatMap((copies) => copies.sort((a, b) => (place.get(b) ?? 0) - (place.get(a) ?? 0)));
}

/** Records taken from the archives' own metadata, for callers without a journal. */
export function recordsInMetadata(archives: readonly Archive[]): Records {
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
