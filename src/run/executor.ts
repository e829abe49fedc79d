// The only executor. It runs a plan's steps in order, journals before and after each, and undoes what a failed scope has
// done. Everything it knows is in the journal, so that `recover` can continue in another process.

import { sideBySide } from "../host/side-by-side.ts";
import type { StepContext } from "../steps/context.ts";
import { faultPoint } from "../steps/fault.ts";
import { type LoadedKind, loadKinds, subjectOf } from "../steps/list.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { HoldfastError, reportOf, withSubject } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { stopWaitingOnAbort } from "./abort.ts";
import { type Listener, type Outcome, type RunReport, SURROUNDINGS } from "./event.ts";
import type { Phase } from "./journal-rows.ts";
import { parallelGroups } from "./parallel-groups.ts";
import { RunReporter } from "./run-reporter.ts";
import { Standing } from "./standing.ts";
import { contextOf, type RunJournal } from "./step-context.ts";
import { laterOn, undoScope } from "./undo-scope.ts";
import { unitOutcomes } from "./unit-outcomes.ts";

type Kinds = ReadonlyMap<string, LoadedKind>;
/** Why a scope is left out of a run. */
export type Held = ReadonlyMap<string, HoldfastError>;

/** The caller holds the lock. Aborting the signal cancels the run and undoes it. `held`: the scopes that it leaves out. */
export async function execute(
	plan: Plan,
	journal: RunJournal,
	signal: AbortSignal,
	listener: Listener = () => {},
	held: Held = new Map(),
	load: (steps: readonly Step[]) => Promise<Kinds> = loadKinds,
): Promise<RunReport> {
	const kinds = await load(plan.steps);
	journal.begin(plan);
	return new Execution(plan, kinds, journal, signal, listener).run(held);
}

/** Finish the committed scopes of an interrupted run, and undo the rest. Safe to repeat. */
export async function recoverRun(
	plan: Plan,
	journal: RunJournal,
	listener: Listener = () => {},
	load: (steps: readonly Step[]) => Promise<Kinds> = loadKinds,
): Promise<RunReport> {
	const kinds = await load(plan.steps);
	return new Execution(plan, kinds, journal, new AbortController().signal, listener).recover();
}

class Execution {
	readonly #plan: Plan;
	readonly #kinds: Kinds;
	readonly #journal: RunJournal;
	readonly #signal: AbortSignal;
	readonly #reporter: RunReporter;
	readonly #standing: Standing;
	/** Scopes whose undo failed, or that were committed and could not be finished: `recover` will try again. */
	readonly #stuck = new Set<string>();
	/** Scopes whose undo was tried. */
	readonly #undone = new Set<string>();
	/** By scope: why its stored data are in doubt, and which step found that. */
	readonly #doubts = new Map<string, { readonly step: string; readonly error: Error }>();

	constructor(plan: Plan, kinds: Kinds, journal: RunJournal, signal: AbortSignal, listener: Listener) {
		this.#plan = plan;
		this.#kinds = kinds;
		this.#standing = new Standing(plan, (step) => this.#kindOf(step).kind);
		this.#journal = journal;
		this.#signal = signal;
		this.#reporter = new RunReporter(plan, listener);
	}

	async run(held: Held): Promise<RunReport> {
		this.#reporter.runStarted();
		for (const [scope, reason] of held) {
			if (this.#standing.stepsOf(scope).length === 0) continue;
			this.#standing.fail(scope, reason);
			this.#reporter.tell({ type: "scope-failed", scope, step: SURROUNDINGS, error: reportOf(reason) });
		}
		for (const lanes of parallelGroups(this.#plan.steps)) {
			await sideBySide(lanes, MAX_AT_ONCE, async (lane) => {
				for (const step of lane) await this.#next(step);
			});
			if (this.#signal.aborted) await this.#interrupt();
		}
		this.#sayDoubts();
		return this.#end(this.#outcome());
	}

	async #next(step: Step): Promise<void> {
		if (step.whenBegan !== undefined)
			return this.#standing.began(step.whenBegan) ? this.#step(step, NEVER) : undefined;
		// A committed scope is finished even after a cancellation.
		const committed = this.#standing.isCommitted(step.scope);
		if (this.#signal.aborted && !committed) return;
		const hindrance = this.#standing.hindranceTo(step.scope);
		if (hindrance === undefined) return this.#step(step, committed ? NEVER : this.#signal);
		// A step of another scope has found the fault, while this one's units were down.
		if (!committed && !this.#undone.has(step.scope)) await this.#undo(step.scope);
		this.#skip(step, hindrance.reason);
	}

	async recover(): Promise<RunReport> {
		this.#reporter.runStarted();
		const standing = this.#standing;
		standing.replay(this.#journal.entries(this.#plan.run));
		for (const scope of standing.scopesBackwards()) {
			if (standing.isCommitted(scope)) await this.#finish(scope);
			else if (!standing.isComplete(scope)) {
				standing.fail(scope, new HoldfastError("run-died", "begun, and neither completed nor rolled back"));
				await this.#undo(scope);
			}
		}
		for (const step of this.#plan.steps) {
			if (step.whenBegan === undefined || !standing.began(step.whenBegan)) continue;
			if (!standing.isDone(step.id)) await this.#step(step, NEVER);
		}
		return this.#end(this.#outcome(), true);
	}

	async #step(step: Step, signal: AbortSignal): Promise<void> {
		if (this.#kindOf(step).work.isDue?.(step, this.#context(step, NEVER)) === false) return this.#pass(step);
		this.#reporter.stepStarted(step);
		try {
			signal.throwIfAborted();
			// This step is due because another one began, even if that cannot be recorded.
			if (step.whenBegan !== undefined) this.#record(step, "begin");
			else this.#journal.add(this.#plan.run, step.id, "begin");
			this.#standing.begin(step.id);
			faultPoint(step.id, "before");
			const { kind, work } = this.#kindOf(step);
			const running = work.run(step, this.#context(step, signal));
			const result = await (kind.onlyReads ? stopWaitingOnAbort(running, signal) : running);
			faultPoint(step.id, "after");
			signal.throwIfAborted();
			// The commit decides whether a recovery finishes or undoes: it is on disk before anything relies on it.
			if (kind.commits) this.#journal.add(this.#plan.run, step.id, "done", result);
			else this.#journal.addSoon(this.#plan.run, step.id, "done", result);
			this.#standing.move(step.id, "done");
			this.#reporter.stepDone(step, result);
		} catch (error) {
			await this.#failed(
				step,
				signal.aborted
					? new HoldfastError("interrupted", "interrupted")
					: withSubject(error, subjectOf(step, this.#kindOf(step))),
			);
		}
	}

	#pass(step: Step): void {
		for (const phase of ["begin", "done"] as const) this.#record(step, phase);
		this.#standing.begin(step.id);
		this.#standing.move(step.id, "done");
	}

	/** Undo the scope. If it is already committed, see that the rest of its work is done later. */
	async #failed(step: Step, cause: unknown): Promise<void> {
		const { scope } = step;
		const { tidies = false, isAfterthought = false } = this.#kindOf(step).kind;
		const committed = this.#standing.isCommitted(scope);
		const report = committed && tidies ? laterOn(reportOf(cause)) : reportOf(cause);
		this.#record(step, "failed", report);
		this.#standing.failAt(step, cause, tidies);
		this.#reporter.stepFailed(step, report);
		if (!committed) await this.#undo(scope);
		else if (tidies) this.#leave(step);
		else if (!isAfterthought) {
			this.#stuck.add(scope);
			await this.#sayWhatIsWhere(scope);
		}
	}

	#record(step: Step, phase: Phase, data?: unknown): boolean {
		return this.#onTheWayBack(step, () => this.#journal.add(this.#plan.run, step.id, phase, data));
	}

	/** The next run tries again to do the rest of a step's work; `recover` does if not even that can be recorded. */
	#leave(step: Step): boolean {
		const isWritten = this.#onTheWayBack(step, () => this.#journal.leave(this.#plan.run, step));
		if (!isWritten) this.#stuck.add(step.scope);
		return isWritten;
	}

	/** Write to the journal, but never stop because of it: an undo that cannot be recorded is still due. Returns whether it was written. */
	#onTheWayBack(step: Step, write: () => void): boolean {
		try {
			write();
			return true;
		} catch (error) {
			this.#reporter.log(step, `the journal could not be written: ${wordsOf(error)}`);
			return false;
		}
	}

	#skip(step: Step, failure: unknown): void {
		this.#record(step, "skipped");
		this.#reporter.stepSkipped(step, reportOf(failure).message);
	}

	/** Undo every scope that is neither complete nor committed. */
	async #interrupt(): Promise<void> {
		for (const scope of this.#standing.scopesBackwards()) {
			if (this.#standing.isCommitted(scope) || this.#standing.isComplete(scope)) continue;
			this.#standing.fail(scope, new HoldfastError("interrupted", "interrupted"));
			await this.#undo(scope);
		}
	}

	async #undo(scope: string): Promise<void> {
		this.#undone.add(scope);
		const isUndone = await undoScope(scope, {
			...{ standing: this.#standing, reporter: this.#reporter },
			kindOf: (step) => this.#kindOf(step),
			contextOf: (step) => this.#context(step, NEVER),
			record: (step, phase, data) => this.#record(step, phase, data),
			leave: (step) => this.#leave(step),
		});
		if (isUndone) return;
		this.#stuck.add(scope);
		await this.#sayWhatIsWhere(scope);
	}

	async #sayWhatIsWhere(scope: string): Promise<void> {
		for (const step of this.#standing.stepsOf(scope).filter(({ id }) => this.#standing.began(id)))
			this.#standing.left.push(
				...((await this.#kindOf(step)
					.work.whereabouts?.(step)
					.catch(() => [])) ?? []),
			);
	}

	/** Run the remaining steps of a committed scope, up to the first failure: no unit is started on inconsistent data. */
	async #finish(scope: string): Promise<void> {
		const steps = this.#standing.stepsOf(scope);
		// Somebody may have started units that must be down for this.
		if (steps.some((step) => this.#kindOf(step).kind.startsUnits && !this.#standing.isDone(step.id)))
			for (const step of steps.filter(({ id }) => this.#standing.began(id)))
				await this.#kindOf(step).work.beforeFinish?.(step, this.#context(step, NEVER));
		for (const step of steps)
			if (step.whenBegan === undefined && !this.#standing.isDone(step.id)) await this.#next(step);
	}

	#sayDoubts(): void {
		for (const [scope, { step, error }] of this.#doubts) {
			if (this.#standing.failures.has(scope)) continue;
			this.#standing.fail(scope, error);
			this.#reporter.tell({ type: "scope-failed", scope, step, error: reportOf(error), stored: true });
		}
	}

	#context(step: Step, signal: AbortSignal): StepContext {
		return contextOf(step, this.#kindOf(step).kind, signal, {
			...{ plan: this.#plan, journal: this.#journal, standing: this.#standing, reporter: this.#reporter },
			leave: () => this.#leave(step),
			doubt: (scope, error) => this.#doubts.set(scope, { step: step.id, error }),
		});
	}

	#kindOf({ id, kind }: Step): LoadedKind {
		const known = this.#kinds.get(kind);
		if (known === undefined) throw new HoldfastError("failed", `step ${id} has an unknown kind: ${kind}`);
		return known;
	}

	#outcome(): Outcome {
		const { failures } = this.#standing;
		if (this.#stuck.size > 0) return "needs-recover";
		if (this.#signal.aborted && !this.#plan.goals.every((goal) => this.#standing.isComplete(goal)))
			return "interrupted";
		const done = this.#plan.goals.filter((goal) => !failures.has(goal) || this.#standing.isCommitted(goal));
		if (done.length === 0) return "failed";
		return failures.size > 0 ? "partial" : "done";
	}

	#end(outcome: Outcome, recovered = false): RunReport {
		const { failures, left } = this.#standing;
		const units = unitOutcomes(this.#plan, this.#kinds, this.#standing);
		const isRecovered = recovered && outcome !== "needs-recover";
		const summary = () => ({
			...this.#reporter.summary(outcome, failures, left, units),
			...(isRecovered ? { recovered: true as const } : {}),
			...(this.#stuck.size > 0 ? { stuck: [...this.#stuck] } : {}),
		});
		let ended = summary();
		try {
			this.#journal.end(this.#plan.run, isRecovered ? "recovered" : outcome, ended);
		} catch (error) {
			// The next recovery finds the run still open and goes over it again, which changes nothing that is complete.
			this.#standing.fail("journal", error);
			ended = summary();
		}
		this.#reporter.ended(ended);
		return { run: this.#plan.run, ...ended };
	}
}

/** The most steps that run in parallel. */
const MAX_AT_ONCE = 4;
const NEVER = new AbortController().signal;
