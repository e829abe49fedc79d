// Thaw the units that a `units-freeze` step has frozen. It runs as soon as that one began, whatever became of the snapshots.
import type * as v from "valibot";
import { object, ref, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { frozen: ref<"units-freeze">(), units };
export type UnitsThawStep = StepOf<"units-thaw", typeof params>;

/** The units that stood still until now. */
const note = object({ held: units });
export type Held = v.InferOutput<typeof note>;

export const unitsThaw = defineStep({
	kind: "units-thaw",
	params,
	id: () => "thaw",
	note,
	hands: note,
	work: async () => (await import("./work/units-freeze.ts")).unitsThaw,
});
