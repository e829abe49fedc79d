// Interrupted runs: they began, did not end, and nobody is working on them. The process was killed, or the machine went down.
import { aside } from "../steps/aside.ts";
import { databaseSwap } from "../steps/database-swap.ts";
import { engineRestore } from "../steps/engine-restore.ts";
import { overwrite } from "../steps/overwrite.ts";
import { storeLoad } from "../steps/store-load.ts";
import { unitsFreeze } from "../steps/units-freeze.ts";
import { unitsStart } from "../steps/units-start.ts";
import { unitsStop } from "../steps/units-stop.ts";
import { unitsThaw } from "../steps/units-thaw.ts";
import { isRecord } from "../values/record.ts";
import type { Journal } from "./journal.ts";
import type { Entry } from "./journal-rows.ts";
import { lockHolder } from "./lock.ts";
import { isForeign, type KnownRun } from "./plan-shape.ts";
import { unitsNoted } from "./units-noted.ts";

export interface UnfinishedRun {
	readonly run: string;
	readonly operation: string;
	readonly machine: string;
	/** The title of the last step that it reached; undefined if it reached none. */
	readonly at?: string;
	/** What it has changed and not put back; empty if that is nothing, as far as is known. For people. */
	readonly leaves: readonly string[];
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
	const entries = journal.entries(run);
	const last = entries.at(-1)?.step;
	const at = [...steps].find(({ id }) => id === last)?.title;
	return {
		...{ run, operation, machine },
		...(at === undefined ? {} : { at }),
		leaves: leavesOf(known, entries),
		...(journal.isStuck(run) ? { isStuck: true as const } : {}),
	};
}

/** Kinds of steps after which live data are not what they were. */
export const REPLACING: ReadonlySet<string> = new Set<string>(
	[aside, engineRestore, overwrite, databaseSwap, storeLoad].map(({ kind }) => kind),
);

function leavesOf(known: KnownRun, entries: readonly Entry[]): string[] {
	// What the steps of another version do is not known.
	if (isForeign(known)) return ["units that it stopped may be down", "data that it moved may not be back"];
	const began = new Set(entries.filter(({ phase }) => phase === "begin").map(({ step }) => step));
	const undone = new Set(entries.filter(({ phase }) => phase === "undo-done").map(({ step }) => step));
	const done = new Set(entries.filter(({ phase }) => phase === "done").map(({ step }) => step));
	const standing = known.steps.filter(({ id }) => began.has(id) && !undone.has(id));
	// A start that was passed over has recorded nothing.
	const hasStarted = (id: string) =>
		done.has(id) && entries.some(({ step, data }) => step === id && isRecord(data) && "became" in data);
	const isUp = (scope: string) =>
		unitsStart.among(standing).some((step) => step.scope === scope && hasStarted(step.id));
	const recorded = (id: string) =>
		entries.some(({ step, data }) => step === id && unitsNoted(data).length > 0);
	const isCold = unitsThaw.among(known.steps).some(({ id, frozen }) => began.has(frozen) && !done.has(id));
	return [
		...(unitsStop.among(standing).some(({ id, scope }) => recorded(id) && !isUp(scope))
			? ["units that it stopped are still down"]
			: []),
		...(isCold && unitsFreeze.among(standing).length > 0 ? ["units that it froze may still be frozen"] : []),
		...(standing.some(({ kind }) => REPLACING.has(kind)) ? ["data that it put aside are not back"] : []),
	];
}

/** A line for people. */
export function lineOf({ run, operation, at, leaves, isStuck }: UnfinishedRun): string {
	if (isStuck)
		return `the ${operation} ${run} could be neither finished nor rolled back; see why with: holdfast runs show ${run}; fix the cause, then: holdfast recover`;
	const where = at === undefined ? "" : ` at "${at}"`;
	const what =
		leaves.length > 0 ? leaves.join(", and ") : "no unit is down and no data are moved because of it";
	return `the ${operation} ${run} died${where}: ${what}; finish it or roll it back with: holdfast recover`;
}
