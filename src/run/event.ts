// What a run tells while it works: one versioned union. `--json` prints exactly these, one a line.

import type { Progress } from "../engines/destination.ts";
import type { UnitOutcome } from "../steps/unit-outcome.ts";
import type { ErrorReport } from "../values/error.ts";

export type Outcome = "done" | "failed" | "partial" | "interrupted" | "needs-recover";

export interface StepLine {
	readonly id: string;
	readonly kind: string;
	readonly title: string;
	readonly scope: string;
}

/** In place of a step's id: a line about what surrounds the run, such as somebody who could not be told of it. */
export const SURROUNDINGS = "";

/** How a run went. */
export interface RunSummary {
	readonly outcome: Outcome;
	/** It had died, and was brought to its end by another process. */
	readonly recovered?: true;
	readonly seconds: number;
	/** From the first unit's stop (or preRestore) to the last one's start; absent when nothing was stopped. */
	readonly downtimeSeconds?: number;
	readonly failures: readonly { readonly scope: string; readonly error: ErrorReport }[];
	/** By step id. */
	readonly results: Readonly<Record<string, unknown>>;
	/** When something could not be undone, or what others have written meanwhile was kept: what is where on disk. */
	readonly left?: readonly string[];
	/** What became of each unit that was stopped, or was to be. */
	readonly units?: readonly UnitOutcome[];
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
	/** Of a step that went on: this scope is not part of what it did. */
	| {
			readonly type: "scope-failed";
			readonly scope: string;
			readonly step: string;
			readonly error: ErrorReport;
			/** It is part of it anyway, and is in doubt. */
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
	/** It does nothing with the progress of steps. */
	readonly ignoresProgress?: boolean;
}
