// How far the steps and scopes of a run have come: kept while it runs, or rebuilt from the journal of one that died.
import type { Entry } from "./journal-rows.ts";
import type { Plan, Step } from "./plan.ts";

interface StepStanding {
	readonly phase: "begun" | "done" | "failed" | "undone";
	/** What the step noted last. */
	readonly note?: unknown;
}

export class Standing {
	readonly #steps = new Map<string, StepStanding>();
	readonly #byScope: ReadonlyMap<string, Step[]>;
	/** Why a scope failed, by scope; the first reason counts. */
	readonly failures = new Map<string, unknown>();

	constructor(plan: Plan) {
		this.#byScope = Map.groupBy(plan.steps, ({ scope }) => scope);
	}

	/** Go over what a dead run has written down. */
	replay(entries: readonly Entry[]): void {
		for (const { step, phase, data } of entries) {
			if (phase === "begin") this.begin(step);
			else if (!this.began(step)) continue;
			else if (phase === "note") this.note(step, data);
			else if (phase === "done" || phase === "failed") this.move(step, phase);
			else if (phase === "undo-done") this.move(step, "undone");
		}
	}

	/** What an earlier try of it has noted stays. */
	begin(step: string): void {
		this.#steps.set(step, { ...this.#steps.get(step), phase: "begun" });
	}

	/** A step that never began stays so. */
	move(step: string, phase: "done" | "failed" | "undone"): void {
		const known = this.#steps.get(step);
		if (known) this.#steps.set(step, { ...known, phase });
	}

	note(step: string, note: unknown): void {
		this.#steps.set(step, { phase: "begun", ...this.#steps.get(step), note });
	}

	noteOf(step: string): unknown {
		return this.#steps.get(step)?.note;
	}

	began(step: string): boolean {
		return this.#steps.has(step);
	}

	isDone(step: string): boolean {
		return this.#steps.get(step)?.phase === "done";
	}

	isToUndo(step: string): boolean {
		const phase = this.#steps.get(step)?.phase;
		return phase !== undefined && phase !== "undone";
	}

	fail(scope: string, reason: unknown): void {
		if (!this.failures.has(scope)) this.failures.set(scope, reason);
	}

	/** From the last to the first: what came later rests on what came before. */
	scopesBackwards(): string[] {
		return [...this.#byScope.keys()].reverse();
	}

	stepsOf(scope: string): Step[] {
		return [...(this.#byScope.get(scope) ?? [])];
	}

	/** From here on it is finished, never undone. */
	isCommitted(scope: string): boolean {
		return (this.#byScope.get(scope) ?? []).some(({ kind, id }) => kind === "commit" && this.isDone(id));
	}

	isComplete(scope: string): boolean {
		return (this.#byScope.get(scope) ?? []).every(({ id }) => this.isDone(id));
	}

	isUnderWay(scope: string): boolean {
		return !this.failures.has(scope) && !this.isCommitted(scope) && !this.isComplete(scope);
	}
}
