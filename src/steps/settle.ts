// Fails unless the started units stay active.
import * as v from "valibot";
import { ref } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { stopped: ref<"units-stop">(), seconds: v.number() };
export type SettleStep = StepOf<"settle", typeof params>;

export const settle = defineStep({
	kind: "settle",
	params,
	id: (state: string) => `settle:${state}`,
	onlyReads: true,
	isAfterthought: true,
	work: async () => (await import("./work/settle.ts")).settle,
});
