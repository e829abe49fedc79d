// What a run reports: events while it works, its duration, and how long its service was down. Decides nothing.

import type { Progress } from "../engines/destination.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { UnitOutcome } from "../steps/unit-outcome.ts";
import { reportOf } from "../values/error.ts";
import { boundedTogether, type ErrorReport } from "../values/error-bounds.ts";
import type { EventBody, Listener, Outcome, RunSummary } from "./event.ts";
import { boundedEvent, stepParts } from "./event-bounds.ts";

/** Minimum milliseconds between two progress events of a step. */
const PROGRESS_MS = 250;
/** Bytes of all failures in the last event of a run, which is one line (`LONGEST_RECORD`) and holds the results too. */
const MAX_FAILURE_BYTES = 512 * 1024;

export class RunReporter {
	readonly #plan: Plan;
	readonly #listener: Listener;
	readonly #started = performance.now();
	/** The start times of the steps in progress. */
	readonly #began = new Map<string, number>();
	/** The time of the last progress event. */
	readonly #progressed = new Map<string, number>();
	readonly #results: Record<string, unknown> = {};
	#downSince: number | undefined;
	#upAt: number | undefined;

	constructor(plan: Plan, listener: Listener) {
		this.#plan = plan;
		this.#listener = listener;
	}

	/** Whether anybody listens to progress. */
	get isWatched(): boolean {
		return !this.#listener.ignoresProgress;
	}

	tell(body: EventBody): void {
		this.#listener({ v: 1, time: new Date().toISOString(), run: this.#plan.run, ...boundedEvent(body) });
	}

	runStarted(): void {
		const { operation, manifest } = this.#plan;
		const [steps, ...more] = stepParts(
			this.#plan.steps.map(({ id, kind, title, scope, label }) => ({
				...{ id, kind, title, scope },
				...(label === undefined ? {} : { label }),
			})),
		);
		this.tell({ type: "run-started", operation, machine: manifest.machine, steps });
		for (const part of more) this.tell({ type: "more-steps", steps: part });
	}

	stepStarted({ id, title, downtime }: Step): void {
		const now = performance.now();
		this.#began.set(id, now);
		if (downtime === "begins") this.#downSince ??= now;
		this.tell({ type: "step-started", step: id, title });
	}

	stepDone({ id, title, downtime }: Step, result: unknown): void {
		const now = performance.now();
		if (result !== undefined) this.#results[id] = result;
		if (downtime === "ends") this.#upAt = now;
		this.tell({
			type: "step-done",
			step: id,
			title,
			seconds: (now - (this.#began.get(id) ?? now)) / 1000,
			...(result === undefined ? {} : { result }),
		});
	}

	stepFailed({ id, title }: Step, error: ErrorReport): void {
		this.tell({ type: "step-failed", step: id, title, error });
	}

	stepSkipped({ id, title }: Step, reason: string): void {
		this.tell({ type: "step-skipped", step: id, title, reason });
	}

	undoStarted({ id, title }: Step): void {
		this.tell({ type: "undo-started", step: id, title });
	}

	undoDone({ id, title, downtime }: Step): void {
		if (downtime === "begins" && this.#downSince !== undefined) this.#upAt = performance.now();
		this.tell({ type: "undo-done", step: id, title });
	}

	undoFailed({ id, title }: Step, error: ErrorReport): void {
		this.tell({ type: "undo-failed", step: id, title, error });
	}

	/** Engines report every file; listeners, perhaps over a slow line, get a few progress events per second and step. */
	progress({ id }: Step, progress: Progress): void {
		const now = performance.now();
		if (now - (this.#progressed.get(id) ?? -PROGRESS_MS) < PROGRESS_MS) return;
		this.#progressed.set(id, now);
		this.tell({ type: "step-progress", step: id, ...progress });
	}

	log(step: Step, line: string): void {
		this.tell({ type: "step-log", step: step.id, line });
	}

	/** The last event. */
	ended(summary: RunSummary): void {
		this.tell({ type: "run-ended", ...summary });
	}

	/** The run's report, as of now. */
	summary(
		outcome: Outcome,
		failures: ReadonlyMap<string, unknown>,
		left: readonly string[],
		units: readonly UnitOutcome[],
	): RunSummary {
		const now = performance.now();
		return {
			outcome,
			seconds: (now - this.#started) / 1000,
			...(this.#downSince === undefined
				? {}
				: { downtimeSeconds: ((this.#upAt ?? now) - this.#downSince) / 1000 }),
			failures: reportsOf(failures),
			results: this.#results,
			...(left.length === 0 ? {} : { left: [...new Set(left)] }),
			...(units.length === 0 ? {} : { units }),
		};
	}
}

function reportsOf(failures: ReadonlyMap<string, unknown>): RunSummary["failures"] {
	const reports = boundedTogether([...failures.values()].map(reportOf), MAX_FAILURE_BYTES);
	return [...failures.keys()].flatMap((scope, index) => {
		const error = reports[index];
		return error === undefined ? [] : [{ scope, error }];
	});
}
