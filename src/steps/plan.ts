// A plan: the steps of one run in their order, and what it is for. Plain data, kept in the journal as it is.
import type { Manifest } from "../manifest/schema.ts";

export interface StepBase {
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
	/** It may run at once with its neighbours in the plan that say so too, but not with one of its own scope. */
	readonly sideBySide?: boolean;
}

/** A step of any kind. */
export interface Step extends StepBase {
	readonly kind: string;
}

export interface Plan {
	readonly version: 1;
	readonly run: string;
	readonly operation: "create" | "restore" | "undo" | "extract" | "check" | "prune" | "deploy" | "undeploy";
	readonly manifest: Manifest;
	readonly steps: readonly Step[];
	/** The scopes that the operation is for: none done is a failure, some done is a partial success. */
	readonly goals: readonly string[];
}
