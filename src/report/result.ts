// The results of commands, as data: each format renders them in its own way. Simple results of a single command are an
// `answer`; results that another format may render differently have their own kind.
import type { Details, Entry } from "../engines/archive.ts";
import type { DestinationOptions } from "../engines/engine.ts";
import type { TimerStatus } from "../host/timers.ts";
import type { Adopted } from "../plan/adopt.ts";
import type { ListedArchive, Listing } from "../plan/archives.ts";
import type { Difference, RowDifferences } from "../plan/diff.ts";
import type { PruneDecisions } from "../plan/upkeep.ts";
import type { FailedUpkeep, Entry as JournalEntry, RunRow } from "../run/journal-rows.ts";
import type { ForeignRun } from "../run/plan-shape.ts";
import type { MachineStatus } from "../run/status.ts";
import type { Plan } from "../steps/plan.ts";
import type { Series } from "../values/series.ts";
import type { Lines } from "./terminal.ts";

/** The archives in a machine's destinations. */
export interface Listed extends Listing {
	/** Checks and prunes that failed and have not succeeded since. */
	readonly upkeep: readonly FailedUpkeep[];
}

/** The status of a machine. */
export interface Standing extends MachineStatus {
	readonly timers: readonly TimerStatus[];
	/** What is in progress. */
	readonly now?: string;
	/** What is no problem and to be acted on all the same, one line each. */
	readonly advice?: readonly string[];
	/** Nothing of it has to be backed up; it was not asked. */
	readonly isStateless?: true;
}

/** One destination on the recovery sheet. */
export interface SheetEntry {
	readonly provider: string;
	/** The engine's name. */
	readonly type: string;
	/** The destination and its address; absent for a provider without destinations. */
	readonly destination?: string;
	readonly location?: string;
	/** The options of the destination, or else of the provider. */
	readonly settings: DestinationOptions;
	/** Text to keep together with the passphrase. */
	readonly keys?: string;
	/** Whether the repository holds no copy of these keys. */
	readonly keysAreApart?: boolean;
	/** Why the keys could not be read. */
	readonly fault?: string;
}

export type Result =
	/** `value` for programs; `text` says the same for people. `line`: one of several lines of JSON. */
	| { readonly kind: "answer"; readonly value: unknown; readonly text: Lines; readonly line?: boolean }
	/** Always JSON; `line`: on a single line. */
	| { readonly kind: "document"; readonly value: unknown; readonly line?: boolean }
	| {
			readonly kind: "archives";
			readonly machines: Series<Listed & { readonly machine: string }>;
			/** Every machine has answered. */
			readonly isOfAll: boolean;
			/** Whose archives were asked for, if not the machines' own. */
			readonly from?: string | undefined;
			/** The states that they are listed for, if not for all. */
			readonly services?: readonly string[] | undefined;
	  }
	| {
			readonly kind: "archive";
			readonly archive: ListedArchive;
			readonly details: Details & { seconds?: number };
	  }
	| { readonly kind: "entry"; readonly entry: Entry }
	| { readonly kind: "plan"; readonly plan: Plan }
	| { readonly kind: "prune"; readonly decided: readonly PruneDecisions[] }
	| { readonly kind: "runs"; readonly rows: readonly RunRow[]; readonly died: ReadonlySet<string> }
	| {
			readonly kind: "run";
			readonly plan: Plan | ForeignRun;
			/** Null while it is in progress, or if it died. */
			readonly outcome: RunRow["outcome"];
			/** What failed, or was left out, and why. */
			readonly failures: readonly { readonly scope: string; readonly message: string }[];
			readonly entries: readonly JournalEntry[];
			readonly lines: readonly { readonly step: string; readonly line: string }[];
	  }
	| {
			readonly kind: "status";
			readonly machines: Series<Standing>;
			/** Whether a single machine was asked for. */
			readonly isOfOne: boolean;
			/** Whether it is printed again and again. */
			readonly repeats: boolean;
	  }
	| {
			readonly kind: "differences";
			readonly archive: string;
			readonly counts: Readonly<Record<Difference["change"], number>>;
			/** There may be millions of entries; each call starts from the beginning. */
			readonly all: () => Iterable<Difference>;
			readonly rows: RowDifferences;
	  }
	| { readonly kind: "adopted"; readonly adopted: Adopted }
	| { readonly kind: "sheet"; readonly machine: string; readonly entries: readonly SheetEntry[] };

/** The result of a command that had no run to report. */
export const NO_RUN = {
	kind: "answer",
	value: { run: null },
	text: [],
	line: true,
} as const satisfies Result;

export type Kind = Result["kind"];
export type ResultOf<K extends Kind> = Extract<Result, { readonly kind: K }>;
