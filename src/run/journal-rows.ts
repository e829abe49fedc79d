// The contents of the journal's tables as objects: from SQLite rows, and into statements.
import * as v from "valibot";
import type { Metadata } from "../engines/archive.ts";
import type { Recorded } from "../engines/archive-time.ts";
import type { KeptCopy, KnownArchive } from "../steps/records.ts";
import { destinationOf } from "../steps/scope.ts";
import { recordOf } from "../values/record.ts";
import type { Outcome } from "./event.ts";

export type Row = Record<string, unknown>;

export type Phase =
	| "begin"
	| "note"
	/** A line for people: what the run leaves and where. */
	| "left"
	| "done"
	| "failed"
	| "skipped"
	| "undo-begin"
	| "undo-done"
	| "undo-failed";

export interface Entry {
	readonly step: string;
	readonly phase: Phase;
	readonly time: string;
	readonly data: unknown;
}

/** What is read of a run's result, whichever version wrote it. */
const summarySchema = v.looseObject({
	/** `done` in a recovered run: it was finished, not rolled back. */
	outcome: v.optional(v.string()),
	seconds: v.optional(v.number()),
	failures: v.optional(
		v.array(v.looseObject({ scope: v.string(), error: v.looseObject({ message: v.string() }) })),
	),
});
export type Summary = v.InferOutput<typeof summarySchema>;

export interface RunRow {
	readonly id: string;
	readonly operation: string;
	readonly machine: string;
	readonly started: string;
	readonly ended: string | null;
	readonly outcome: Outcome | "recovered" | "abandoned" | null;
	readonly summary: Summary | null;
}

/** Whether an interrupted run was rolled back by another process rather than finished. */
export const isRolledBack = ({ outcome, summary }: Pick<RunRow, "outcome" | "summary">): boolean =>
	outcome === "recovered" && summary?.outcome !== undefined && summary.outcome !== "done";

/** A check or prune of a destination that failed and has not succeeded since. */
export interface FailedUpkeep {
	readonly operation: string;
	/** `provider/destination` */
	readonly destination: string;
	readonly run: string;
	/** RFC 3339. */
	readonly time: string;
	readonly message: string;
}

export type Statement = readonly [statement: string, values: readonly (string | number | null)[]];

/** `seconds`: how long the step took, which the clock does not tell if it is set meanwhile. */
export function entryOf(run: string, step: string, phase: Phase, data: unknown, seconds?: number): Statement {
	return [
		"INSERT INTO entry (run, step, phase, time, data, seconds) VALUES (?, ?, ?, ?, ?, ?)",
		[
			...[run, step, phase, new Date().toISOString()],
			data === undefined ? null : JSON.stringify(data),
			seconds ?? null,
		],
	];
}

/** One JSON field of a row, if it matches the schema; otherwise it is treated as absent. */
function fieldOf<S extends v.GenericSchema>(schema: S, field: unknown): v.InferOutput<S> | undefined {
	if (typeof field !== "string") return undefined;
	try {
		const { success, output } = v.safeParse(schema, JSON.parse(field), { abortEarly: true });
		return success ? output : undefined;
	} catch {
		return undefined;
	}
}

/** What a step recorded, or why it failed; undefined if that is damaged. */
export const dataOf = (field: unknown): unknown => fieldOf(v.unknown(), field);

export function rowOf({ id, operation, machine, started, ended, outcome, summary }: Row): RunRow {
	return {
		id: String(id),
		operation: String(operation),
		machine: String(machine),
		started: String(started),
		ended: ended === null ? null : String(ended),
		outcome: outcome as RunRow["outcome"],
		summary: fieldOf(summarySchema, summary) ?? null,
	};
}

/** The parts that are used of archive metadata that this machine itself wrote. */
const madeSchema = v.looseObject({
	machine: v.string(),
	created: v.string(),
	states: v.custom<Metadata["states"]>(
		(states) =>
			v.is(v.looseObject({}), states) &&
			Object.values(states as object).every((one) => v.is(v.looseObject({ outcome: v.string() }), one)),
	),
});
const digestsSchema = v.custom<Readonly<Record<string, string>>>(
	(value) =>
		v.is(v.looseObject({}), value) && Object.values(value as object).every((one) => v.is(v.string(), one)),
);

/** Empty if the metadata cannot be parsed: the archive counts as one that was not made here. */
export function archiveOf(row: Row | undefined): KnownArchive[] {
	if (row === undefined) return [];
	const { id, name, provider, destination, metadata, bytes, digests } = row;
	const known = fieldOf(madeSchema, metadata);
	if (known === undefined) return [];
	return [
		{
			id: String(id),
			name: String(name),
			provider: String(provider),
			destination: String(destination),
			metadata: known as unknown as Metadata,
			...(bytes === null ? {} : { bytes: Number(bytes) }),
			// Absent in 0.1.0.
			digests: fieldOf(digestsSchema, digests) ?? {},
		},
	];
}

const place = v.looseObject({ live: v.string(), old: v.string(), area: v.string() });
const copySchema = v.looseObject({
	places: v.array(place),
	databases: v.array(v.looseObject({ dump: v.looseObject({}), old: v.string() })),
});

/** Copies that cannot be parsed are kept and reported: `fault`. */
export function keptOf({ run, state, until, copy }: Row): KeptCopy | UnknownCopy {
	const known = { run: String(run), state: String(state), until: String(until) };
	const found = fieldOf(copySchema, copy) as Pick<KeptCopy, "places" | "databases"> | undefined;
	return found === undefined
		? {
				...known,
				fault: "the journal's entry for it is damaged or was written by another version of Holdfast",
			}
		: { ...known, ...found };
}
export interface UnknownCopy extends Pick<KeptCopy, "run" | "state" | "until"> {
	readonly fault: string;
}

/** The columns that `recordedOf` reads. */
export const RECORDED =
	"SELECT name, json_extract(metadata, '$.created') AS created, (SELECT json_group_object(key, CASE WHEN json_extract(value, '$.suspicious') IS NULL THEN json_extract(value, '$.outcome') ELSE 'suspicious' END) FROM json_each(metadata, '$.states')) AS outcomes FROM archive";

export function recordedOf({ name, created, outcomes }: Row): readonly [string, Recorded] {
	const states = Object.entries(fieldOf(v.looseObject({}), outcomes) ?? recordOf());
	return [
		String(name),
		{
			created: String(created),
			outcomes: new Map(states.map(([state, outcome]) => [state, knownOutcome(outcome)])),
		},
	];
}

const knownOutcome = (outcome: unknown) =>
	outcome === "good" || outcome === "suspicious" ? outcome : "failed";

/** Checks and prunes, newest first: the last one of each destination, if it failed. */
export function failedIn(rows: readonly Row[]): FailedUpkeep[] {
	const seen = new Set<string>();
	return rows.flatMap((row) => {
		const { failures = [] } = fieldOf(summarySchema, row.summary) ?? {};
		const operation = String(row.operation);
		return (fieldOf(v.array(v.string()), row.goals) ?? []).flatMap((scope) => {
			if (seen.has(`${operation} ${scope}`)) return [];
			const fault = failures.find((failure) => failure.scope === scope);
			// Whoever ends one early learns nothing of what it had not come to: the one before still counts.
			if (row.outcome === "interrupted" && (!fault || fault.error.code === "interrupted")) return [];
			seen.add(`${operation} ${scope}`);
			if (!fault) return [];
			return [
				{
					operation,
					destination: destinationOf(scope),
					run: String(row.id),
					time: String(row.started),
					message: fault.error.message,
				},
			];
		});
	});
}
