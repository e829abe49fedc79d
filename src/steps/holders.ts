// Say who still uses what is about to be moved, now that the units are down.
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
