// What a run reports while it works: one versioned union. `--json` prints exactly these, one per line.

import type { Progress } from "../engines/destination.ts";
import type { UnitOutcome } from "../steps/unit-outcome.ts";
import type { ErrorReport } from "../values/error-bounds.ts";

export type Outcome = "done" | "failed" | "partial" | "interrupted" | "needs-recover";

export interface StepLine {
	readonly id: string;
	readonly kind: string;
	readonly title: string;
	readonly scope: string;
	/** A shorter title, for the display of what is in progress. */
	readonly label?: string;
}

/** Used instead of a step's id for a line about the run's surroundings, such as a notification that could not be sent. */
export const SURROUNDINGS = "";

/** The result of a run. */
export interface RunSummary {
	readonly outcome: Outcome;
	/** It was interrupted, and another process finished it or rolled it back. */
	readonly recovered?: true;
	readonly seconds: number;
	/** From the first unit's stop (or preRestore) to the last unit's start; absent if nothing was stopped. */
	readonly downtimeSeconds?: number;
	readonly failures: readonly { readonly scope: string; readonly error: ErrorReport }[];
	/** By step id. */
	readonly results: Readonly<Record<string, unknown>>;
	/** Scopes that could be neither finished nor rolled back: `needs-recover`. */
	readonly stuck?: readonly string[];
	/** If an undo failed, or what others wrote meanwhile was kept: where things are on disk now. */
	readonly left?: readonly string[];
	/** What became of each unit that was stopped, or was to be. */
	readonly units?: readonly UnitOutcome[];
	/** How many entries of each list are left out of the event because they do not fit into a line; the journal has them. */
	readonly omitted?: Readonly<Record<string, number>>;
}
export interface RunReport extends RunSummary {
	readonly run: string;
}

type Body =
	| {
			readonly type: "run-started";
			readonly operation: string;
			readonly machine: string;
			readonly steps: readonly StepLine[];
	  }
	/** Further steps of a plan that is too long for one event; follows `run-started`. */
	| { readonly type: "more-steps"; readonly steps: readonly StepLine[] }
	| { readonly type: "step-started"; readonly step: string; readonly title: string }
	| ({ readonly type: "step-progress"; readonly step: string } & Progress)
	| { readonly type: "step-log"; readonly step: string; readonly line: string }
	| {
			readonly type: "step-done";
			readonly step: string;
			readonly title: string;
			readonly seconds: number;
			readonly result?: unknown;
	  }
	| {
			readonly type: "step-failed";
			readonly step: string;
			readonly title: string;
			readonly error: ErrorReport;
	  }
	/** For a step that continues without this scope: the scope is not part of its result. */
	| {
			readonly type: "scope-failed";
			readonly scope: string;
			readonly step: string;
			readonly error: ErrorReport;
			/** It is part of the result anyway: a state is in doubt; in a destination something failed after the archive was complete. */
			readonly stored?: true;
	  }
	| { readonly type: "step-skipped"; readonly step: string; readonly title: string; readonly reason: string }
	| { readonly type: "undo-started"; readonly step: string; readonly title: string }
	| { readonly type: "undo-done"; readonly step: string; readonly title: string }
	| {
			readonly type: "undo-failed";
			readonly step: string;
			readonly title: string;
			readonly error: ErrorReport;
	  }
	| ({ readonly type: "run-ended" } & RunSummary);

export type RunEvent = { readonly v: 1; readonly time: string; readonly run: string } & Body;
export type EventBody = Body;
export interface Listener {
	(event: RunEvent): void;
	/** Whether the listener ignores progress. */
	readonly ignoresProgress?: boolean;
}
