// Undo what a scope did: the steps that began, in reverse order. A failed undo does not stop the others, except for those
// that would build on it.
import type { StepContext } from "../steps/context.ts";
import { faultPoint } from "../steps/fault.ts";
import { type LoadedKind, subjectOf } from "../steps/list.ts";
import type { Step } from "../steps/plan.ts";
import { HoldfastError, reportOf, withSubject } from "../values/error.ts";
import { bounded, type ErrorReport } from "../values/error-bounds.ts";
import type { Phase } from "./journal-rows.ts";
import type { RunReporter } from "./run-reporter.ts";
import type { Standing } from "./standing.ts";

/** What it needs of the run. */
interface Run {
	readonly standing: Standing;
	readonly reporter: RunReporter;
	kindOf(step: Step): LoadedKind;
	contextOf(step: Step): StepContext;
	/** Write to the journal if possible. Returns whether it was written. */
	record(step: Step, phase: Phase, data?: unknown): boolean;
	/** Have the rest of a step's work retried before the next run. Returns whether that was written. */
	leave(step: Step): boolean;
}

/** Returns whether everything is undone. */
export async function undoScope(scope: string, run: Run): Promise<boolean> {
	const undoing = new Undoing(run);
	const began = run.standing.stepsOf(scope).filter(({ id }) => run.standing.isToUndo(id));
	for (const step of began) await undoing.lookFirst(step);
	for (const step of began.reverse()) await undoing.undo(step);
	return undoing.isWhole;
}

class Undoing {
	isWhole = true;
	readonly #run: Run;
	/** Steps that cannot be undone because their data could not be examined. */
	readonly #unseen = new Set<Step>();
	/** Paths whose contents are unknown or could not be removed: nothing is put back there. */
	readonly #occupied = new Set<string>();
	/** Something of the scope is not undone. */
	#somethingLeft = false;
	/** Everything that was undone is recorded in the journal. */
	#isRecorded = true;

	constructor(run: Run) {
		this.#run = run;
	}

	/** Runs before anything is undone. */
	async lookFirst(step: Step): Promise<void> {
		const { kind, work } = this.#run.kindOf(step);
		try {
			await work.beforeUndo?.(step, this.#run.contextOf(step));
		} catch (error) {
			this.#fault(step, error);
			if (!kind.looksFirst) return;
			this.#unseen.add(step);
			this.#somethingLeft = true;
		}
	}

	async undo(step: Step): Promise<void> {
		const { kind, work } = this.#run.kindOf(step);
		if (this.#unseen.has(step)) return this.#stays(step);
		if (!work.undo || step.touches.some((path) => this.#occupied.has(path))) return;
		if (kind.undoesLast && (this.#somethingLeft || !this.#isRecorded))
			return this.#fault(step, putOff(this.#isRecorded));
		const { standing, reporter, record } = this.#run;
		record(step, "undo-begin");
		reporter.undoStarted(step);
		let isLost = false;
		try {
			faultPoint(step.id, "undo-before");
			await work.undo(step, {
				...this.#run.contextOf(step),
				completed: standing.isDone(step.id),
				somethingLeft: this.#somethingLeft,
				leave: () => {
					isLost ||= !this.#run.leave(step);
				},
			});
			if (isLost) throw new HoldfastError("failed", "what is left to do could not be recorded", FULL);
			faultPoint(step.id, "undo-after");
			this.#isRecorded = record(step, "undo-done") && this.#isRecorded;
			standing.move(step.id, "undone");
			reporter.undoDone(step);
		} catch (error) {
			this.#somethingLeft = true;
			this.#stays(step);
			this.#fault(step, error);
		}
	}

	#stays(step: Step): void {
		if (!this.#run.kindOf(step).kind.standsInPlace) return;
		for (const path of step.touches) this.#occupied.add(path);
	}

	#fault(step: Step, error: unknown): void {
		this.isWhole = false;
		const report = reportOf(withSubject(error, subjectOf(step, this.#run.kindOf(step))));
		this.#run.record(step, "undo-failed", report);
		this.#run.reporter.undoFailed(step, report);
	}
}

/** Why an undo that deletes something is postponed. */
function putOff(isRecorded: boolean): HoldfastError {
	return new HoldfastError(
		"failed",
		isRecorded ? "kept: an earlier step has not been rolled back yet" : "kept: the journal cannot be written",
		FULL,
	);
}

const FULL = { hint: "fix the cause, such as a full disk, then: holdfast recover" };

/** Tidying up failed after a commit: the operation itself has succeeded. */
export function laterOn(report: ErrorReport): ErrorReport {
	const hint = "the changes were committed; this step is retried before the next run";
	return bounded({ ...report, hint: report.hint === undefined ? hint : `${report.hint}; ${hint}` });
}
