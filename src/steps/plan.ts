// A plan: the ordered steps of one run, and its purpose. Plain data, stored in the journal unchanged.
import type { Manifest } from "../manifest/schema.ts";

export interface StepBase {
	/** Unique within the plan. */
	readonly id: string;
	readonly title: string;
	/** A shorter title, for the display of what is in progress. A step that has one is reported when it is done, however short. */
	readonly label?: string;
	/** What fails together: when a step fails, the rest of its scope is skipped and its completed steps are undone. */
	readonly scope: string;
	/** Paths, units and databases that it changes. */
	readonly touches: readonly string[];
	/** Run this step if and only if the named step began, whatever has failed since. */
	readonly whenBegan?: string;
	/** Whether the service is down from this step's start (`begins`) or until its end (`ends`). */
	readonly downtime?: "begins" | "ends";
	/** It may run in parallel with neighbouring steps that also say so, but not with one of its own scope. */
	readonly sideBySide?: boolean;
	/** Those of one lane run one after another, though their scopes differ. */
	readonly lane?: string;
}

/** A step of any kind. */
export interface Step extends StepBase {
	readonly kind: string;
}

export interface Plan {
	readonly version: 1;
	readonly run: string;
	readonly operation:
		| "create"
		| "restore"
		| "restore-as"
		| "undo"
		| "extract"
		| "check"
		| "prune"
		| "deploy"
		| "undeploy";
	readonly manifest: Manifest;
	readonly steps: readonly Step[];
	/** The scopes that the operation is for. If none succeeds, the run has failed; if some do, it is a partial success. */
	readonly goals: readonly string[];
}
