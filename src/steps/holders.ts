// Report processes that still use the data about to be moved, after the units were stopped.
import { places } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { places };
export type HoldersStep = StepOf<"holders", typeof params>;

export const holders = defineStep({
	kind: "holders",
	params,
	id: (state: string) => `holders:${state}`,
	work: async () => (await import("./work/holders.ts")).holders,
});
