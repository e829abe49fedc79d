// How far the steps and scopes of a run have come: kept while it runs, or rebuilt from the journal of one that died.

import type { StepContext, Unwatched } from "../steps/context.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { StepKind } from "../steps/step.ts";
import type { Entry } from "./journal-rows.ts";

interface StepStanding {
	readonly phase: "begun" | "done" | "failed" | "undone";
	/** What the step noted last. */
	readonly note?: unknown;
}

export class Standing {
	readonly #steps = new Map<string, StepStanding>();
	readonly #byScope: ReadonlyMap<string, Step[]>;
	readonly #stepById: ReadonlyMap<string, Step>;
	readonly #unwatched = new Map<string, Unwatched>();
	/** Lines: what is where on disk, when an undo failed or what others have written was kept. */
	readonly left: string[] = [];
	/** Why a scope failed, by scope; the first reason counts. */
	readonly failures = new Map<string, unknown>();
	/** Scopes of which nothing has failed but to tidy up. */
	readonly #untidy = new Set<string>();
	readonly #kindOf: (step: Step) => StepKind;

	constructor(plan: Plan, kindOf: (step: Step) => StepKind) {
		this.#kindOf = kindOf;
		this.#stepById = new Map(plan.steps.map((step) => [step.id, step]));
		this.#byScope = Map.groupBy(plan.steps, ({ scope }) => scope);
	}

	/** Go over what a dead run has written down. */
	replay(entries: readonly Entry[]): void {
		for (const entry of entries) {
			this.#watch(entry);
			const { step, phase, data } = entry;
			if (phase === "left") this.left.push(String(data));
			if (phase === "begin") this.begin(step);
			else if (!this.began(step)) continue;
			else if (phase === "note") this.note(step, data);
			else if (phase === "done" || phase === "failed") this.move(step, phase);
			else if (phase === "undo-done") this.move(step, "undone");
		}
	}

	/** An earlier recovery notes and undoes, and watches over nothing either. */
	#watch({ step: id, phase, time }: Entry): void {
		const step = this.#stepById.get(id);
		if (step === undefined || phase === "note" || phase === "left" || phase.startsWith("undo-")) return;
		if (this.#unwatched.get(step.scope)?.unitsWereUp) return;
		const unitsWereUp = this.#kindOf(step).startsUnits === true && phase === "begin";
		this.#unwatched.set(step.scope, { since: Date.parse(time), unitsWereUp });
	}

	/** Undefined while the run itself lives. */
	unwatched(scope: string): Unwatched | undefined {
		return this.#unwatched.get(scope);
	}

	/** Of a run that died: its units are found running. */
	foundUp(scope: string): void {
		const known = this.#unwatched.get(scope);
		if (known) this.#unwatched.set(scope, { ...known, unitsWereUp: true });
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

	readonly handedBy: StepContext["handedBy"] = (kind, step) => kind.handedIn(step, this.noteOf(step));

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

	/** `tidies`: what it failed to do is only to take away what is no longer needed. */
	failAt({ id, scope }: Step, reason: unknown, tidies: boolean): void {
		this.move(id, "failed");
		if (!tidies) this.#untidy.delete(scope);
		else if (!this.failures.has(scope)) this.#untidy.add(scope);
		this.fail(scope, reason);
	}

	/** Why no step of a scope is run any more: that one thing is still there is no reason to leave another. */
	hindranceTo(scope: string): { readonly reason: unknown } | undefined {
		if (!this.failures.has(scope) || this.#untidy.has(scope)) return undefined;
		return { reason: this.failures.get(scope) };
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
		return (this.#byScope.get(scope) ?? []).some(
			(step) => this.#kindOf(step).commits && this.isDone(step.id),
		);
	}

	isComplete(scope: string): boolean {
		return (this.#byScope.get(scope) ?? []).every(({ id }) => this.isDone(id));
	}

	isUnderWay(scope: string): boolean {
		return !this.failures.has(scope) && !this.isCommitted(scope) && !this.isComplete(scope);
	}
}
