// Start the units that a `units-stop` step found active, and those that should be.
import * as v from "valibot";
import { ref, text, texts, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";
import { startNote } from "./units-stop.ts";

const params = {
	stopped: ref<"units-stop">(),
	units,
	/** If set, units that were down are left down, for this reason. */
	asBefore: v.exactOptional(text),
	/** Only if all of these states were caught in snapshots: otherwise they are read while the units are down. */
	ifCaught: v.exactOptional(texts),
	/** Only if this earlier step did not. */
	unless: v.exactOptional(ref<"units-start">()),
};
export type UnitsStartStep = StepOf<"units-start", typeof params>;

export const unitsStart = defineStep({
	kind: "units-start",
	params,
	id: (state: string, when?: "later") => `${when === undefined ? "start" : "start-later"}:${state}`,
	hands: startNote,
	startsUnits: true,
	work: async () => (await import("./work/units-start.ts")).unitsStart,
});
