// Runs: their plans, their events, and the records of past ones.
import * as v from "valibot";
import { EVENT_SCHEMAS } from "../../run/event-schema.ts";
import type { Entry, RunRow } from "../../run/journal-rows.ts";
import type { OutlineStep } from "../../run/plan-shape.ts";
import type { Plan, Step } from "../../steps/plan.ts";
import { errorReportSchema } from "../../values/error-report.ts";
import { about, like, type Output, type OutputCase, text, texts, time } from "./output.ts";

/** In full: `holdfast schema --manifest`. */
export const manifest: v.GenericSchema<{ readonly machine: string }> = about(
	"the machine's manifest: see `holdfast schema --manifest`",
	v.looseObject({ machine: text }),
);

const { "run-started": first, ...others } = EVENT_SCHEMAS;
const typed = <K extends string, S extends v.LooseObjectSchema<v.ObjectEntries, undefined>>(
	type: K,
	{ entries }: S,
) =>
	v.looseObject({
		type: v.literal(type),
		...entries,
		machine: v.exactOptional(about("for a run on several machines, and of the first event", v.string())),
	});
const events = [
	typed("run-started", first),
	...Object.entries(others).map(([type, schema]) => typed(type, schema)),
] as const;

const noRun = about("there was nothing to do", v.object({ run: v.null() }));
const unreached = about("a machine without a run", v.object({ machine: text, error: errorReportSchema }));

/** The schemas of the lines, by what they say; for the reference too. */
export const EVENTS: Output = {
	title: "Events of a run",
	form: "lines",
	schema: v.union([...events, noRun, unreached]),
};

const step = {
	id: about("unique within the plan", v.string()),
	kind: text,
	title: text,
	touches: about("paths, units and databases that it changes", texts),
};
const anyStep: v.GenericSchema<Pick<Step, keyof typeof step | "scope">> = about(
	"with further keys of its kind",
	v.looseObject({ ...step, scope: about("what fails and is undone together", v.string()) }),
);
const plan = like<Plan>()(
	v.object({
		version: v.literal(1),
		run: text,
		operation: v.picklist([
			"create",
			"restore",
			"restore-as",
			"undo",
			"extract",
			"check",
			"prune",
			"deploy",
			"undeploy",
		]),
		manifest,
		steps: v.array(anyStep),
		goals: about("the scopes that the operation is for", texts),
	}),
);
export const PLAN: Output = { title: "Plan", form: "document", schema: plan };

const summary: v.GenericSchema<object | null> = about(
	"the keys of its last event, as far as they are known",
	v.nullable(v.looseObject({})),
);
export const RUNS: Output = {
	title: "Past runs",
	form: "document",
	schema: v.array(
		like<RunRow>()(
			v.object({
				id: text,
				operation: text,
				machine: text,
				started: time,
				ended: v.nullable(time),
				outcome: about(
					"done, failed, partial, interrupted, needs-recover, recovered, abandoned or died; null while it is in progress",
					v.nullable(v.string()),
				),
				summary: summary,
			}),
		),
	),
};

const outline = v.object({
	run: text,
	operation: text,
	machine: text,
	steps: v.array(like<OutlineStep>()(v.object({ ...step, areas: v.exactOptional(texts) }))),
	program: v.exactOptional(about("the version of Holdfast that began it", v.string())),
	foreign: about("why this version cannot read the run", v.string()),
});
export const RUN: Output = {
	title: "A past run",
	form: "document",
	schema: v.object({
		plan: v.union([plan, outline]),
		outcome: about("null while it is in progress, or if it died", v.nullable(v.string())),
		failures: about(
			"what failed, or was left out, and why",
			v.array(v.object({ scope: text, message: v.string() })),
		),
		entries: v.array(
			like<Entry>()(
				v.object({
					step: text,
					phase: v.picklist([
						...(["begin", "note", "left", "done", "failed"] as const),
						...(["skipped", "undo-begin", "undo-done", "undo-failed"] as const),
					]),
					time,
					data: v.optional(v.unknown()),
				}),
			),
		),
		lines: about("its log", v.array(v.object({ step: text, line: text }))),
	}),
};

export const ABANDONED: Output = {
	title: "Abandoned run",
	form: "document",
	schema: v.object({
		abandoned: about("the run, several separated by commas, or `journal`", v.string()),
		aside: v.optional(about("where the old journal is now", v.string())),
		left: about("what it left behind, one line each", texts),
	}),
};

/** A command that is a run. */
export const RUNNING: readonly OutputCase[] = [{ output: EVENTS }];
export const RUNNING_OR_PLAN: readonly OutputCase[] = [...RUNNING, { when: "--dry-run", output: PLAN }];
export const RECOVERING: readonly OutputCase[] = [...RUNNING, { when: "--abandon", output: ABANDONED }];
