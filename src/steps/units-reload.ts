// Look which units are enabled; its undo has systemd read them again, and enables those again. First of its scope, so that
// its undo comes when all files are back.
import { texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { units: texts };
export type UnitsReloadStep = StepOf<"units-reload", typeof params>;

export const unitsReload = defineStep({
	kind: "units-reload",
	params,
	id: () => "units",
	/** Those that were enabled. */
	note: texts,
	work: async () => (await import("./work/enabled-units.ts")).unitsReload,
});
