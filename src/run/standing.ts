// The progress of a run's steps and scopes: updated while it runs, or rebuilt from the journal of an interrupted run.

import type { StepContext, Unwatched } from "../steps/context.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { StepKind } from "../steps/step.ts";
import type { Entry } from "./journal-rows.ts";

interface StepStanding {
	readonly phase: "begun" | "done" | "failed" | "undone";
	/** What the step recorded last. */
	readonly note?: unknown;
}

export class Standing {
	readonly #steps = new Map<string, StepStanding>();
	readonly #byScope: ReadonlyMap<string, Step[]>;
	readonly #stepById: ReadonlyMap<string, Step>;
	readonly #unwatched = new Map<string, Unwatched>();
	/** Lines that say where things are on disk, after a failed undo or when what others wrote was kept. */
	readonly left: string[] = [];
	/** Why a scope failed; the first reason is kept. */
	readonly failures = new Map<string, unknown>();
	/** Scopes in which only tidying up has failed. */
	readonly #untidy = new Set<string>();
	readonly #kindOf: (step: Step) => StepKind;

	constructor(plan: Plan, kindOf: (step: Step) => StepKind) {
		this.#kindOf = kindOf;
		this.#stepById = new Map(plan.steps.map((step) => [step.id, step]));
		this.#byScope = Map.groupBy(plan.steps, ({ scope }) => scope);
	}

	/** Replay the entries of an interrupted run. */
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

	/** An earlier recovery also records and undoes, and does not watch over anything either. */
	#watch({ step: id, phase, time }: Entry): void {
		const step = this.#stepById.get(id);
		if (step === undefined || phase === "note" || phase === "left" || phase.startsWith("undo-")) return;
		if (this.#unwatched.get(step.scope)?.unitsWereUp) return;
		const unitsWereUp = this.#kindOf(step).startsUnits === true && phase === "begin";
		this.#unwatched.set(step.scope, { since: Date.parse(time), unitsWereUp });
	}

	/** Undefined while the run itself is alive. */
	unwatched(scope: string): Unwatched | undefined {
		return this.#unwatched.get(scope);
	}

	/** In an interrupted run: its units were found running. */
	foundUp(scope: string): void {
		const known = this.#unwatched.get(scope);
		if (known) this.#unwatched.set(scope, { ...known, unitsWereUp: true });
	}

	/** What an earlier attempt recorded is kept. */
	begin(step: string): void {
		this.#steps.set(step, { ...this.#steps.get(step), phase: "begun" });
	}

	/** A step that never began stays that way. */
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

	/** `tidies`: the failed step only removes what is no longer needed. */
	failAt({ id, scope }: Step, reason: unknown, tidies: boolean): void {
		this.move(id, "failed");
		if (!tidies) this.#untidy.delete(scope);
		else if (!this.failures.has(scope)) this.#untidy.add(scope);
		this.fail(scope, reason);
	}

	/** Why no further step of a scope is run. A failure to tidy up does not stop other tidying up. */
	hindranceTo(scope: string): { readonly reason: unknown } | undefined {
		if (!this.failures.has(scope) || this.#untidy.has(scope)) return undefined;
		return { reason: this.failures.get(scope) };
	}

	/** In reverse order: what came later builds on what came before. */
	scopesBackwards(): string[] {
		return [...this.#byScope.keys()].reverse();
	}

	stepsOf(scope: string): Step[] {
		return [...(this.#byScope.get(scope) ?? [])];
	}

	/** From here on the scope is finished, never undone. */
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
