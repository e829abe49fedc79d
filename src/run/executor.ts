// The one executor. It runs a plan's steps in order, journals each before and after, and undoes what a failed scope
// did. Everything it knows is in the journal, so that `recover` can go on from there in another process.

import { sideBySide } from "../host/side-by-side.ts";
import type { StepContext, StepRegistry, StepWork } from "../steps/context.ts";
import { faultPoint } from "../steps/fault.ts";
import { STEP_WORK } from "../steps/list.ts";
import { isTidy, type Plan, type Step } from "../steps/plan.ts";
import { unitOutcomes } from "../steps/work/unit-notes.ts";
import { type ErrorReport, HoldfastError, reportOf } from "../values/error.ts";
import { wordsOf } from "../values/system-error.ts";
import { Chronicle } from "./chronicle.ts";
import type { Listener, Outcome, RunReport } from "./event.ts";
import { heeding } from "./heeding.ts";
import type { Phase } from "./journal-rows.ts";
import { lanesOf } from "./lanes.ts";
import { Standing } from "./standing.ts";
import { contextOf, type RunJournal } from "./step-context.ts";

/** Execute a plan. The lock is held by the caller. Aborting the signal cancels and undoes. */
export async function execute(
	plan: Plan,
	journal: RunJournal,
	signal: AbortSignal,
	listener: Listener = () => {},
	registry: StepRegistry = STEP_WORK,
): Promise<RunReport> {
	journal.begin(plan);
	return new Execution(plan, journal, signal, listener, registry).run();
}

/** Bring a run that died to its end: finish what was committed, undo the rest. Safe to repeat. */
export async function recoverRun(
	plan: Plan,
	journal: RunJournal,
	listener: Listener = () => {},
	registry: StepRegistry = STEP_WORK,
): Promise<RunReport> {
	return new Execution(plan, journal, new AbortController().signal, listener, registry).recover();
}

class Execution {
	readonly #plan: Plan;
	readonly #journal: RunJournal;
	readonly #registry: StepRegistry;
	readonly #signal: AbortSignal;
	readonly #chronicle: Chronicle;
	readonly #standing: Standing;
	#undoFailed = false;
	/** A scope was committed and could not be finished: `recover` will try again. */
	#unfinished = false;
	/** Scopes of which nothing has failed but to tidy up; that one thing is still there is no reason to leave another. */
	readonly #untidy = new Set<string>();
	/** By scope: why what is stored of it is to be doubted, and which step found that. */
	readonly #doubts = new Map<string, { readonly step: string; readonly error: Error }>();

	constructor(
		plan: Plan,
		journal: RunJournal,
		signal: AbortSignal,
		listener: Listener,
		registry: StepRegistry,
	) {
		this.#plan = plan;
		this.#standing = new Standing(plan);
		this.#journal = journal;
		this.#registry = registry;
		this.#signal = signal;
		this.#chronicle = new Chronicle(plan, listener);
	}

	async run(): Promise<RunReport> {
		this.#chronicle.runStarted();
		for (const lanes of lanesOf(this.#plan.steps)) {
			await sideBySide(lanes, MOST_AT_ONCE, async (lane) => {
				for (const step of lane) await this.#next(step);
			});
			if (this.#signal.aborted) await this.#interrupt();
		}
		this.#sayDoubts();
		return this.#end(this.#outcome());
	}

	async #next(step: Step): Promise<void> {
		if (step.whenBegan !== undefined) {
			if (this.#standing.began(step.whenBegan)) await this.#step(step, NEVER);
			return;
		}
		// What is committed is brought to its end, also when somebody wants us to stop.
		const committed = this.#standing.isCommitted(step.scope);
		if (this.#signal.aborted && !committed) return;
		const failure = this.#standing.failures.get(step.scope);
		if (failure === undefined || this.#untidy.has(step.scope))
			await this.#step(step, committed ? NEVER : this.#signal);
		else this.#skip(step, failure);
	}

	async recover(): Promise<RunReport> {
		this.#chronicle.runStarted();
		const standing = this.#standing;
		standing.replay(this.#journal.entries(this.#plan.run));
		for (const scope of standing.scopesBackwards()) {
			if (standing.isCommitted(scope)) await this.#finish(scope);
			else if (!standing.isComplete(scope)) {
				standing.fail(scope, new HoldfastError("run-died", "the run died before this was done"));
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
		this.#chronicle.stepStarted(step);
		try {
			signal.throwIfAborted();
			// What is due since another step began is due also when it cannot be written down.
			if (step.whenBegan !== undefined) this.#record(step, "begin");
			else this.#journal.add(this.#plan.run, step.id, "begin");
			this.#standing.begin(step.id);
			faultPoint(step.id, "before");
			const work = this.#workOf(step).run(step, this.#context(step, signal));
			const result = await (ONLY_READING.has(step.kind) ? heeding(work, signal) : work);
			faultPoint(step.id, "after");
			signal.throwIfAborted();
			// The mark of a commit decides which way a recovery goes: it is on disk before anybody counts on it.
			if (step.kind === "commit") this.#journal.add(this.#plan.run, step.id, "done", result);
			else this.#journal.addSoon(this.#plan.run, step.id, "done", result);
			this.#standing.move(step.id, "done");
			this.#chronicle.stepDone(step, result);
		} catch (error) {
			await this.#failed(step, signal.aborted ? new HoldfastError("interrupted", "interrupted") : error);
		}
	}

	/** Undo its scope; or, when that is committed, see that what is left of it is done later. */
	async #failed(step: Step, cause: unknown): Promise<void> {
		const { scope } = step;
		const committed = this.#standing.isCommitted(scope);
		const report = committed && isTidy(step) ? laterOn(reportOf(cause)) : reportOf(cause);
		this.#record(step, "failed", report);
		this.#standing.move(step.id, "failed");
		this.#chronicle.stepFailed(step, report);
		if (!isTidy(step)) this.#untidy.delete(scope);
		else if (!this.#standing.failures.has(scope)) this.#untidy.add(scope);
		this.#standing.fail(scope, cause);
		if (!committed) await this.#undo(scope);
		else if (isTidy(step)) {
			// The next run tries it again; or recover, when not even that can be written down.
			if (!this.#onTheWayBack(step, () => this.#journal.leave(this.#plan.run, step))) this.#unfinished = true;
		} else if (!AFTERTHOUGHTS.has(step.kind)) {
			this.#unfinished = true;
			await this.#sayWhatIsWhere(scope);
		}
	}

	#record(step: Step, phase: Phase, data?: unknown): boolean {
		return this.#onTheWayBack(step, () => this.#journal.add(this.#plan.run, step.id, phase, data));
	}

	/** Write to the journal where nothing may stop us: an undo that cannot be recorded is still due. Whether it is there. */
	#onTheWayBack(step: Step, write: () => void): boolean {
		try {
			write();
			return true;
		} catch (error) {
			this.#chronicle.log(step, `the journal could not be written: ${wordsOf(error)}`);
			return false;
		}
	}

	#skip(step: Step, failure: unknown): void {
		this.#record(step, "skipped");
		this.#chronicle.stepSkipped(step, reportOf(failure).message);
	}

	/** Undo every scope that is neither whole nor committed. */
	async #interrupt(): Promise<void> {
		for (const scope of this.#standing.scopesBackwards()) {
			if (this.#standing.isCommitted(scope) || this.#standing.isComplete(scope)) continue;
			this.#standing.fail(scope, new HoldfastError("interrupted", "interrupted"));
			await this.#undo(scope);
		}
	}

	/** Undo a scope's steps that began, last first. One failing undo does not stop the others. */
	async #undo(scope: string): Promise<void> {
		const began = this.#standing.stepsOf(scope).filter(({ id }) => this.#standing.isToUndo(id));
		const unseen = new Set<Step>();
		for (const step of began) {
			await this.#workOf(step)
				.beforeUndo?.(step, this.#context(step, NEVER))
				.catch((error: unknown) => {
					this.#undoFault(step, error);
					if (this.#workOf(step).looksFirst) unseen.add(step);
				});
		}
		let somethingLeft = unseen.size > 0;
		/** Where it is not known what stands there, or that could not be taken away: nothing is put back into it. */
		const occupied = new Set<string>();
		let recorded = true;
		for (const step of began.reverse()) {
			const { undo, undoesLast, standsInPlace } = this.#workOf(step);
			const stays = () => {
				if (standsInPlace) for (const path of step.touches) occupied.add(path);
			};
			if (unseen.has(step)) stays();
			if (!undo || unseen.has(step) || step.touches.some((path) => occupied.has(path))) continue;
			if (undoesLast && (somethingLeft || !recorded)) {
				this.#undoFault(step, putOff(recorded));
				continue;
			}
			this.#record(step, "undo-begin");
			this.#chronicle.undoStarted(step);
			try {
				faultPoint(step.id, "undo-before");
				await undo(step, {
					...this.#context(step, NEVER),
					completed: this.#standing.isDone(step.id),
					somethingLeft,
					leave: (left) => void this.#onTheWayBack(step, () => this.#journal.leave(this.#plan.run, left)),
				});
				faultPoint(step.id, "undo-after");
				recorded = this.#record(step, "undo-done") && recorded;
				this.#standing.move(step.id, "undone");
				this.#chronicle.undoDone(step);
			} catch (error) {
				somethingLeft = true;
				stays();
				this.#undoFault(step, error);
			}
		}
		if (this.#undoFailed) await this.#sayWhatIsWhere(scope);
	}

	#undoFault(step: Step, error: unknown): void {
		this.#undoFailed = true;
		this.#record(step, "undo-failed", reportOf(error));
		this.#chronicle.undoFailed(step, reportOf(error));
	}

	async #sayWhatIsWhere(scope: string): Promise<void> {
		for (const step of this.#standing.stepsOf(scope).filter(({ id }) => this.#standing.began(id)))
			this.#standing.left.push(
				...((await this.#workOf(step)
					.whereabouts?.(step)
					.catch(() => [])) ?? []),
			);
	}

	/** Run what is left of a committed scope, up to what fails: nothing is started on data that are half-way. */
	async #finish(scope: string): Promise<void> {
		const steps = this.#standing.stepsOf(scope);
		// Somebody may have started what must be down for it.
		if (steps.some(({ kind, id }) => kind === "units-start" && !this.#standing.isDone(id)))
			for (const step of steps.filter(({ id }) => this.#standing.began(id)))
				await this.#workOf(step).beforeFinish?.(step, this.#context(step, NEVER));
		for (const step of steps)
			if (step.whenBegan === undefined && !this.#standing.isDone(step.id)) await this.#next(step);
	}

	#sayDoubts(): void {
		for (const [scope, { step, error }] of this.#doubts) {
			if (this.#standing.failures.has(scope)) continue;
			this.#standing.fail(scope, error);
			this.#chronicle.tell({ type: "scope-failed", scope, step, error: reportOf(error), stored: true });
		}
	}

	#context(step: Step, signal: AbortSignal): StepContext {
		return contextOf(step, signal, {
			...{ plan: this.#plan, journal: this.#journal, standing: this.#standing, chronicle: this.#chronicle },
			doubt: (scope, error) => this.#doubts.set(scope, { step: step.id, error }),
		});
	}

	/** The registry is keyed by kind, so the work found for a step takes that step. */
	#workOf(step: Step): StepWork<Step> {
		return this.#registry[step.kind] as StepWork<Step>;
	}

	#outcome(): Outcome {
		const { failures } = this.#standing;
		if (this.#undoFailed || this.#unfinished) return "needs-recover";
		if (this.#signal.aborted && !this.#plan.goals.every((goal) => this.#standing.isComplete(goal)))
			return "interrupted";
		const done = this.#plan.goals.filter((goal) => !failures.has(goal) || this.#standing.isCommitted(goal));
		if (done.length === 0) return "failed";
		return failures.size > 0 ? "partial" : "done";
	}

	#end(outcome: Outcome, recovered = false): RunReport {
		const { failures, left } = this.#standing;
		const units = unitOutcomes(this.#plan, (step) => this.#standing.noteOf(step));
		const isRecovered = recovered && outcome !== "needs-recover";
		const summary = () => ({
			...this.#chronicle.summary(outcome, failures, left, units),
			...(isRecovered ? { recovered: true as const } : {}),
		});
		let ended = summary();
		try {
			this.#journal.end(this.#plan.run, isRecovered ? "recovered" : outcome, ended);
		} catch (error) {
			// The next run finds this one open and goes over it again, which changes nothing that is whole.
			this.#standing.fail("journal", error);
			ended = summary();
		}
		this.#chronicle.tell({ type: "run-ended", ...ended });
		return { run: this.#plan.run, ...ended };
	}
}

/** Kinds of steps that may fail after the commit without leaving the state half-way. */
const AFTERTHOUGHTS: ReadonlySet<string> = new Set(["keep", "settle", "check"]);

/** Kinds of steps that change nothing but what is their own: an undo need not wait for one that hangs. */
const ONLY_READING: ReadonlySet<string> = new Set([
	"folders-present",
	"dump",
	"preflight",
	"units-down",
	"settle",
	"check",
]);

/** Steps that run side by side, at most. */
const MOST_AT_ONCE = 4;

const NEVER = new AbortController().signal;

/** What could not be tidied up after a commit: what was asked for is done all the same. */
function laterOn(report: ErrorReport): ErrorReport {
	const hint = "what was committed stands; this is tried again before the next run";
	return { ...report, hint: report.hint === undefined ? hint : `${report.hint}; ${hint}` };
}

/** Why an undo that deletes is put off. */
function putOff(recorded: boolean): HoldfastError {
	return new HoldfastError(
		"failed",
		recorded ? "kept: an earlier step is not rolled back yet" : "kept: the journal cannot be written",
		{ hint: "fix the cause (is the disk full?), then: holdfast recover" },
	);
}
