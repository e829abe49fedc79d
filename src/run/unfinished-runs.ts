// Interrupted runs: they began, did not end, and nobody is working on them. The process was killed, or the machine went down.
import type { Journal } from "./journal.ts";
import { lockHolder } from "./lock.ts";
import { isForeign, type KnownRun } from "./plan-shape.ts";

export interface UnfinishedRun {
	readonly run: string;
	readonly operation: string;
	readonly machine: string;
	/** The title of the last step that it reached; undefined if it reached none. */
	readonly at?: string;
	/** It was not interrupted: it could not put everything back. */
	readonly isStuck?: true;
}

/** A run in progress finishes these first, or has reported why it cannot: while there is one, none are returned. */
export function unfinishedRuns(journal: Journal, runtime: string): UnfinishedRun[] {
	if (lockHolder(runtime) !== undefined) return [];
	return journal.open().map((known) => unfinishedRun(known, journal));
}

function unfinishedRun(known: KnownRun, journal: Journal): UnfinishedRun {
	const { run, operation, steps } = known;
	const machine = isForeign(known) ? known.machine : known.manifest.machine;
	const last = journal.entries(run).at(-1)?.step;
	const at = [...steps].find(({ id }) => id === last)?.title;
	return {
		...{ run, operation, machine },
		...(at === undefined ? {} : { at }),
		...(journal.isStuck(run) ? { isStuck: true as const } : {}),
	};
}

/** A line for people. */
export function lineOf({ run, operation, at, isStuck }: UnfinishedRun): string {
	if (isStuck)
		return `the ${operation} ${run} could be neither finished nor rolled back; see why with: holdfast runs show ${run}; fix the cause, then: holdfast recover`;
	const where = at === undefined ? "" : ` at "${at}"`;
	return `the ${operation} ${run} died${where}: units that it stopped are still down, and data that it put aside are not back; finish it or roll it back with: holdfast recover`;
}
