// Freeze units while snapshots of several volumes are taken: nothing is written between them.
import * as v from "valibot";
import { listOf, object, text, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { units };
export type UnitsFreezeStep = StepOf<"units-freeze", typeof params>;

/** Recorded before anything is frozen: the units that ran. */
const note = object({
	units,
	/** Those that were frozen, each with when, in milliseconds since 1970. */
	frozen: v.exactOptional(listOf(object({ unit: text, user: v.optional(text), at: v.number() }))),
	/** Those that did not run. */
	down: v.exactOptional(units),
});
export type FreezeNote = v.InferOutput<typeof note>;

export const unitsFreeze = defineStep({
	kind: "units-freeze",
	params,
	id: () => "freeze",
	note,
	hands: note,
	work: async () => (await import("./work/units-freeze.ts")).unitsFreeze,
});
