// Start the units that a `units-stop` step found active, and those that should be.
import * as v from "valibot";
import { ref, text, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";
import { startNote } from "./units-stop.ts";

const params = {
	stopped: ref<"units-stop">(),
	units,
	/** If set, units that were down are left down, for this reason. */
	asBefore: v.exactOptional(text),
};
export type UnitsStartStep = StepOf<"units-start", typeof params>;

export const unitsStart = defineStep({
	kind: "units-start",
	params,
	id: (state: string) => `start:${state}`,
	hands: startNote,
	startsUnits: true,
	work: async () => (await import("./work/units-start.ts")).unitsStart,
});
