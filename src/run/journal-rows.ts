// What the journal's tables hold, as objects: rows out of SQLite, and statements into it.
import type { Recorded } from "../providers/archive-time.ts";
import type { Metadata } from "../providers/provider.ts";
import type { Outcome } from "./event.ts";
import type { KeptDatabase, Place } from "./step.ts";

type Row = Record<string, unknown>;

export type Phase =
	| "begin"
	| "note"
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

export interface RunRow {
	readonly id: string;
	readonly operation: string;
	readonly machine: string;
	readonly started: string;
	readonly ended: string | null;
	readonly outcome: Outcome | "recovered" | null;
	readonly summary: unknown;
}

/** Old copies that a restore has left for a while. */
export interface KeptCopy {
	/** The run that left them. */
	readonly run: string;
	readonly state: string;
	/** RFC 3339. */
	readonly until: string;
	readonly places: readonly Place[];
	readonly databases: readonly KeptDatabase[];
}

/** An archive as it was when it was written. */
export interface MadeArchive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly name: string;
	readonly provider: string;
	readonly destination: string;
	readonly location: string;
	readonly metadata: Metadata;
	/** Bytes of the files in it, when the engine told. */
	readonly bytes?: number;
	/** SHA-256 of the dumps and accounts in it, in hex, by the path that the archive holds them under. */
	readonly digests: Readonly<Record<string, string>>;
}

/** A check or a prune of a destination that failed, and has not gone well since. */
export interface FailedUpkeep {
	readonly operation: string;
	/** `provider/destination` */
	readonly destination: string;
	readonly run: string;
	/** RFC 3339. */
	readonly time: string;
	readonly message: string;
}

/** An archive as it was when it was written; where its destination was then is not kept. */
export type KnownArchive = Omit<MadeArchive, "location">;

export type Statement = readonly [statement: string, values: readonly (string | number | null)[]];

export function entryOf(run: string, step: string, phase: Phase, data: unknown): Statement {
	return [
		"INSERT INTO entry (run, step, phase, time, data) VALUES (?, ?, ?, ?, ?)",
		[run, step, phase, new Date().toISOString(), data === undefined ? null : JSON.stringify(data)],
	];
}

export function rowOf(row: Row): RunRow {
	return {
		...row,
		summary: row.summary === null ? null : JSON.parse(String(row.summary)),
	} as unknown as RunRow;
}

export function archiveOf({ id, name, provider, destination, metadata, bytes, digests }: Row): KnownArchive {
	return {
		id: String(id),
		name: String(name),
		provider: String(provider),
		destination: String(destination),
		metadata: JSON.parse(String(metadata)),
		...(bytes === null ? {} : { bytes: Number(bytes) }),
		// Holdfast 0.1.0 kept none.
		digests: typeof digests === "string" ? JSON.parse(digests) : {},
	};
}

/** The columns that `recordedOf` reads. */
export const RECORDED =
	"SELECT name, json_extract(metadata, '$.created') AS created, (SELECT json_group_object(key, CASE WHEN json_extract(value, '$.suspicious') IS NULL THEN json_extract(value, '$.outcome') ELSE 'suspicious' END) FROM json_each(metadata, '$.states')) AS outcomes FROM archive";

export function recordedOf({ name, created, outcomes }: Row): readonly [string, Recorded] {
	const states = Object.entries(JSON.parse(String(outcomes)) as Record<string, unknown>);
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

/** Of checks and prunes, newest first: how the last of each destination went, where it failed. */
export function failedIn(rows: readonly Row[]): FailedUpkeep[] {
	const seen = new Set<string>();
	return rows.flatMap((row) => {
		const { failures = [] } = JSON.parse(String(row.summary)) as {
			failures?: { scope: string; error: { message: string } }[];
		};
		const operation = String(row.operation);
		return (JSON.parse(String(row.goals)) as string[]).flatMap((scope) => {
			if (seen.has(`${operation} ${scope}`)) return [];
			seen.add(`${operation} ${scope}`);
			const fault = failures.find((failure) => failure.scope === scope);
			if (!fault) return [];
			return [
				{
					operation,
					destination: scope.replace(/^destination:/, ""),
					run: String(row.id),
					time: String(row.started),
					message: fault.error.message,
				},
			];
		});
	});
}
