// A plan: the steps of one run in their order, and what it is for. Plain data, kept in the journal as it is.
import type { Manifest } from "../manifest/schema.ts";
import type {
	ArchiveCreateStep,
	AreaStep,
	AsideStep,
	CarryStep,
	CheckArchivesStep,
	CheckStep,
	CommitStep,
	DiscardStep,
	EngineRestoreStep,
	ExtractStep,
	FoldersPresentStep,
	HoldersStep,
	HookStep,
	KeepStep,
	OverwriteStep,
	PlaceStep,
	PreflightStep,
	PruneStep,
	SettleStep,
	StageStep,
	UnitsDownStep,
	UnitsStartStep,
	UnitsStopStep,
} from "./step.ts";
import type {
	AccountsStep,
	DatabaseDropStep,
	DatabaseSwapStep,
	DumpStep,
	EmbedStep,
	LoadStep,
} from "./step-database.ts";
import type { AccountStep, FilePutStep, FileTakeStep, TimersStep, UnitsReloadStep } from "./step-deploy.ts";

export type Step =
	| HookStep
	| FoldersPresentStep
	| UnitsStopStep
	| UnitsDownStep
	| UnitsStartStep
	| SettleStep
	| CheckStep
	| ArchiveCreateStep
	| DumpStep
	| AccountsStep
	| LoadStep
	| EmbedStep
	| DatabaseSwapStep
	| DatabaseDropStep
	| PreflightStep
	| AreaStep
	| StageStep
	| HoldersStep
	| AsideStep
	| PlaceStep
	| CarryStep
	| EngineRestoreStep
	| OverwriteStep
	| ExtractStep
	| CommitStep
	| DiscardStep
	| KeepStep
	| CheckArchivesStep
	| PruneStep
	| AccountStep
	| FilePutStep
	| FileTakeStep
	| UnitsReloadStep
	| TimersStep;
/** Steps after a commit that only take away what is no longer needed. */
export type TidyStep = DiscardStep | DatabaseDropStep;
export function isTidy(step: Step): step is TidyStep {
	return step.kind === "discard" || step.kind === "database-drop";
}
/** Steps of which something may be left to do when their run has ended. */
export type LeftStep = TidyStep | ArchiveCreateStep;
export function mayBeLeft(step: Step): step is LeftStep {
	return isTidy(step) || step.kind === "archive-create";
}
/** What is left to do of it, in words. */
export const dueOf = (step: LeftStep): string =>
	step.kind === "archive-create" ? `look for ${step.archive} in ${step.destination}` : step.title;
export type StepKind = Step["kind"];

export interface Plan {
	readonly version: 1;
	readonly run: string;
	readonly operation: "create" | "restore" | "undo" | "extract" | "check" | "prune" | "deploy" | "undeploy";
	readonly manifest: Manifest;
	readonly steps: readonly Step[];
	/** The scopes that the operation is for: none done is a failure, some done is a partial success. */
	readonly goals: readonly string[];
}
