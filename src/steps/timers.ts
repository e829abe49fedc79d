// Have systemd read its units again, and go by them.
import { texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	/** Enabled, and started. */
	start: texts,
	enable: texts,
	/** Stopped and disabled. */
	stop: texts,
};
export type TimersStep = StepOf<"timers", typeof params>;

export const timers = defineStep({
	kind: "timers",
	params,
	id: () => "timers",
	work: async () => (await import("./work/enabled-units.ts")).timers,
});
