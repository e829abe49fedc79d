// Steps: plain data that says what will be done and what it touches. What they do is in steps/, by kind.
import type { Hook, HookName, Manifest, Unit } from "../manifest/schema.ts";
import type { Progress } from "../providers/provider.ts";

interface StepBase {
	/** Unique in its plan. */
	readonly id: string;
	readonly title: string;
	/** What fails together: when a step fails, the rest of its scope is skipped and what it did is undone. */
	readonly scope: string;
	/** Paths, units and databases that it changes. */
	readonly touches: readonly string[];
	/** Run this step if and only if that one began, whatever has failed since. */
	readonly whenBegan?: string;
	/** Whether the service is down from this step's start (`begins`) or until its end (`ends`). */
	readonly downtime?: "begins" | "ends";
}

export interface HookStep extends StepBase {
	readonly kind: "hook";
	readonly state: string;
	readonly hook: HookName;
	readonly spec: Hook;
	/** Clan's variables, for restores. */
	readonly archive?: { readonly name: string; readonly folders: readonly string[] };
}
export interface FoldersPresentStep extends StepBase {
	readonly kind: "folders-present";
	readonly folders: readonly string[];
}
export interface UnitsStopStep extends StepBase {
	readonly kind: "units-stop";
	readonly units: readonly Unit[];
}
/** Starts what the `units-stop` step of this id found active. */
export interface UnitsStartStep extends StepBase {
	readonly kind: "units-start";
	readonly stopped: string;
	readonly units: readonly Unit[];
}
export interface ArchiveCreateStep extends StepBase {
	readonly kind: "archive-create";
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
	/** Scope of each state whose failure leaves it out, by state name. */
	readonly states: Readonly<
		Record<
			string,
			{ readonly scope: string; readonly folders: readonly string[]; readonly exclude: readonly string[] }
		>
	>;
}
/** Extract folders that share a parent into a private folder beside them. */
export interface StageStep extends StepBase {
	readonly kind: "stage";
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
	readonly folders: readonly string[];
	/** The private folder; it is made by this step and holds each folder at its whole path. */
	readonly area: string;
}
/** Rename the live folder aside; nothing stands at its place after. */
export interface AsideStep extends StepBase {
	readonly kind: "aside";
	readonly folder: string;
	readonly area: string;
	readonly aside: string;
}
/** Rename the staged folder to the live place. */
export interface PlaceStep extends StepBase {
	readonly kind: "place";
	readonly folder: string;
	readonly staged: string;
}
/** Let an engine that knows only the original paths write there; what stood there was put aside before. */
export interface EngineRestoreStep extends StepBase {
	readonly kind: "engine-restore";
	readonly provider: string;
	readonly destination: string;
	readonly archive: string;
	readonly folders: readonly string[];
}
/** From here on the scope is finished, never undone. */
export interface CommitStep extends StepBase {
	readonly kind: "commit";
}
export interface DiscardStep extends StepBase {
	readonly kind: "discard";
	readonly areas: readonly string[];
}

export type Step =
	| HookStep
	| FoldersPresentStep
	| UnitsStopStep
	| UnitsStartStep
	| ArchiveCreateStep
	| StageStep
	| AsideStep
	| PlaceStep
	| EngineRestoreStep
	| CommitStep
	| DiscardStep;
export type StepKind = Step["kind"];

export interface Plan {
	readonly version: 1;
	readonly run: string;
	readonly operation: "create" | "restore";
	readonly manifest: Manifest;
	readonly steps: readonly Step[];
	/** The scopes that the operation is for: none done is a failure, some done is a partial success. */
	readonly goals: readonly string[];
}

/** What a step's work may use. */
export interface StepContext {
	readonly plan: Plan;
	readonly signal: AbortSignal;
	/** Keep facts that an undo will need. On disk and synced when it returns: call it before acting on them. */
	note(facts: unknown): void;
	/** The last note of a step, or undefined. */
	noteOf(step: string): unknown;
	/** Why a scope failed, or undefined. */
	failureOf(scope: string): string | undefined;
	/** Say that a scope failed though this step did not: what it stored is not whole. */
	failScope(scope: string, error: Error): void;
	/** Whether a destination was written before. */
	knows(location: string): boolean;
	remember(location: string): void;
	progress(progress: Progress): void;
	log(line: string): void;
}

export interface UndoContext extends StepContext {
	/** Whether the step had ended well; false when it failed, or when it is not known how far it came. */
	readonly completed: boolean;
}

/** What a kind of step does. An undo is safe to repeat, and does nothing for what the step did not come to do. */
export interface StepWork<S extends Step> {
	run(step: S, context: StepContext): Promise<unknown>;
	undo?(step: S, context: UndoContext): Promise<void>;
}

export type StepRegistry = { readonly [K in StepKind]: StepWork<Extract<Step, { kind: K }>> };
