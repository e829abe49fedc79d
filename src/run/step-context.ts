// A step's view of its run: the journal, the progress of other steps, and the run's events.

import type { StepContext } from "../steps/context.ts";
import { faultPoint } from "../steps/fault.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { StepKind } from "../steps/step.ts";
import { reportOf } from "../values/error.ts";
import type { Journal } from "./journal.ts";
import type { RunReporter } from "./run-reporter.ts";
import type { Standing } from "./standing.ts";

/** The parts of the journal that a run needs. */
export type RunJournal = Pick<
	Journal,
	| "begin"
	| "entries"
	| "add"
	| "addSoon"
	| "log"
	| "end"
	| "leave"
	| "knows"
	| "mountOf"
	| "records"
	| "forgetGone"
	| "lost"
	| "removed"
	| "lastGood"
	| "made"
	| "archive"
	| "keep"
	| "forget"
>;

interface Run {
	readonly plan: Plan;
	readonly journal: RunJournal;
	readonly standing: Standing;
	readonly reporter: RunReporter;
	leave(): void;
	doubt(scope: string, error: Error): void;
}

export function contextOf(
	step: Step,
	kind: StepKind,
	signal: AbortSignal,
	{ plan, journal, standing, reporter, leave, doubt }: Run,
): StepContext {
	return {
		plan,
		signal,
		watched: reporter.isWatched,
		point: (name) => faultPoint(step.id, name),
		note: (facts) => {
			journal.add(plan.run, step.id, "note", facts);
			standing.note(step.id, facts);
		},
		noted: () => kind.noteIn(step.id, standing.noteOf(step.id)),
		handedBy: standing.handedBy,
		isDone: (id) => standing.isDone(id),
		failureOf: (scope) => {
			const failure = standing.failures.get(scope);
			return failure === undefined ? undefined : reportOf(failure).message;
		},
		isUnderWay: (scope) => standing.isUnderWay(scope),
		unwatched: (scope) => standing.unwatched(scope),
		foundUp: (scope) => standing.foundUp(scope),
		leaves: (line) => {
			journal.add(plan.run, step.id, "left", line);
			standing.left.push(line);
		},
		failScope: (scope, error) => {
			if (standing.failures.has(scope)) return;
			standing.fail(scope, error);
			reporter.tell({ type: "scope-failed", scope, step: step.id, error: reportOf(error) });
		},
		knows: (location) => journal.knows(location),
		mountOf: (location) => journal.mountOf(location),
		records: ({ name, location }, names) => ({
			...journal.records(plan.manifest.machine, name, location, names),
			states: Object.keys(plan.manifest.state),
		}),
		forgetGone: ({ name, location }, names) =>
			journal.forgetGone(plan.manifest.machine, name, location, names),
		lost: ({ location }, names) =>
			journal.lost(plan.manifest.machine, location, names, Object.keys(plan.manifest.state)),
		removed: ({ location }, names) => journal.removed(location, names),
		lastGood: (state) => journal.lastGood(plan.manifest.machine, state),
		leave,
		doubt,
		made: (archive) => journal.made(archive),
		bytesOf: (archiveId) => journal.archive(archiveId)?.bytes,
		keep: (copy) => journal.keep(copy),
		forget: (run, state) => journal.forget(run, state),
		progress: (progress) => reporter.progress(step, progress),
		log: (line) => {
			const kept = journal.log(plan.run, step.id, line);
			if (kept !== undefined) reporter.log(step, kept);
		},
	};
}
