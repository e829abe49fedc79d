// Stop units and whatever would start them meanwhile. The undo starts those that were up.
import * as v from "valibot";
import { listOf, object, text, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	units,
	/** The units must also be down while the scope is undone: their data are moved. */
	downForUndo: v.exactOptional(v.boolean()),
};
export type UnitsStopStep = StepOf<"units-stop", typeof params>;

const role = v.picklist(["own", "also", "along"]);
const user = v.exactOptional(text);

/** A unit as it was before, and what is planned for it: see `Verdict`. */
const known = object({
	...{ unit: text, user, role, wasUp: v.boolean(), stops: v.boolean(), invocation: text },
	...{ shouldRun: v.boolean(), because: text, missed: v.boolean() },
	...{ stopSeconds: v.exactOptional(v.number()), startSeconds: v.exactOptional(v.number()) },
	...{ ends: v.boolean(), level: v.number() },
});
export type Known = v.InferOutput<typeof known>;

/** What became of a unit: a `UnitOutcome`. */
const outcome = object({
	...{ unit: text, user, role, wasUp: v.boolean() },
	became: v.picklist(["started", "kept running", "left down"]),
	because: text,
	missed: v.exactOptional(v.literal(true)),
});

const became = listOf(outcome);
/** Units that are to stay up, each with the invocation that was started. */
const started = listOf(object({ unit: text, user, invocation: text }));

/** The result of starting units, including the start that undoes a stop. */
export const startNote = object({
	became,
	started,
	/** Others had started some of them while they had to be down. */
	early: v.exactOptional(v.literal(true)),
});
export type StartNote = v.InferOutput<typeof startNote>;

const ofToday = object({
	units: listOf(known),
	/** During boot: units that are masked until they may start. */
	masked: v.exactOptional(units),
	/** The data that it uses could not be put back. */
	heldDown: v.exactOptional(v.literal(true)),
	/** After the undo. */
	became: v.exactOptional(became),
	started: v.exactOptional(started),
});
export type StopNote = v.InferOutput<typeof ofToday>;

/** 0.1.0 recorded only which units were up, always under `wasUp`: a note without that key is not one of its own. */
const of010 = v.pipe(
	object({ wasUp: units }),
	v.transform(
		({ wasUp }): StopNote => ({
			units: [...wasUp].reverse().map(({ unit, user }, level) => ({
				...{ unit, ...(user === undefined ? {} : { user }), role: "own", wasUp: true, stops: true },
				...{ invocation: "", shouldRun: false, because: "it was running", missed: false, ends: false, level },
			})),
		}),
	),
);

/** Recorded before anything is stopped; the step that starts the units again reads all of it. */
const note = v.union([ofToday, of010]);

export const unitsStop = defineStep({
	kind: "units-stop",
	params,
	id: (state: string) => `stop:${state}`,
	note,
	hands: note,
	work: async () => (await import("./work/units-stop.ts")).unitsStop,
});
