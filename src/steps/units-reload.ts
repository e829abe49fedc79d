// Record which units are enabled; the undo has systemd reload its units, and enables those again. First in its scope, so
// that its undo runs after all files are back.
import { texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { units: texts };
export type UnitsReloadStep = StepOf<"units-reload", typeof params>;

export const unitsReload = defineStep({
	kind: "units-reload",
	params,
	id: () => "units",
	/** The units that were enabled. */
	note: texts,
	work: async () => (await import("./work/enabled-units.ts")).unitsReload,
});
