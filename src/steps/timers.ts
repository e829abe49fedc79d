// Have systemd reload its units, and enable or disable timers.
import { texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	/** Units to enable and start. */
	start: texts,
	enable: texts,
	/** Units to stop and disable. */
	stop: texts,
};
export type TimersStep = StepOf<"timers", typeof params>;

export const timers = defineStep({
	kind: "timers",
	params,
	id: () => "timers",
	work: async () => (await import("./work/enabled-units.ts")).timers,
});
