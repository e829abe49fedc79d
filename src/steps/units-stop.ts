// Stop units and what would start them meanwhile. Its undo starts again what was up.
import * as v from "valibot";
import { listOf, object, text, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	units,
	/** They must be down as well while the scope is undone: what they use is moved. */
	downForUndo: v.exactOptional(v.boolean()),
};
export type UnitsStopStep = StepOf<"units-stop", typeof params>;

const role = v.picklist(["own", "also", "along"]);
const user = v.exactOptional(text);

/** A unit as it was before, and what is to become of it: see `Verdict`. */
const known = object({
	...{ unit: text, user, role, wasUp: v.boolean(), stops: v.boolean(), invocation: text },
	...{ shouldRun: v.boolean(), because: text, missed: v.boolean() },
	...{ stopSeconds: v.exactOptional(v.number()), startSeconds: v.exactOptional(v.number()) },
	...{ ends: v.boolean(), level: v.number() },
});
export type Known = v.InferOutput<typeof known>;

/** How a unit ended up: a `UnitOutcome`. */
const outcome = object({
	...{ unit: text, user, role, wasUp: v.boolean() },
	became: v.picklist(["started", "kept running", "left down"]),
	because: text,
	missed: v.exactOptional(v.literal(true)),
});

const became = listOf(outcome);
/** Units that are to stay up, as they came up. */
const started = listOf(object({ unit: text, user, invocation: text }));

/** What came of a start of units: also of the one by which a stop is undone. */
export const startNote = object({ became, started });
export type StartNote = v.InferOutput<typeof startNote>;

const ofToday = object({
	units: listOf(known),
	/** While the machine boots: what was masked until it may start. */
	masked: v.exactOptional(units),
	/** What it uses could not be put back. */
	heldDown: v.exactOptional(v.literal(true)),
	/** After its undo. */
	became: v.exactOptional(became),
	started: v.exactOptional(started),
});
export type StopNote = v.InferOutput<typeof ofToday>;

/** 0.1.0 knew no more than which units were up, and always said that: a note without it is none of its. */
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

/** Made before anything is stopped; what starts the units again reads all of it. */
const note = v.union([ofToday, of010]);

export const unitsStop = defineStep({
	kind: "units-stop",
	params,
	id: (state: string) => `stop:${state}`,
	note,
	hands: note,
	work: async () => (await import("./work/units-stop.ts")).unitsStop,
});
