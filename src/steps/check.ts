// Run one health check against a service until it succeeds or times out.
import type { HealthCheck } from "../health/list.ts";
import { some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { state: text, check: some<HealthCheck>() };
export type CheckStep = StepOf<"check", typeof params>;

export const check = defineStep({
	kind: "check",
	params,
	/** `index`: in the state's list of health checks. */
	id: (what: string, index?: number) => (index === undefined ? `check:${what}` : `check:${what}:${index}`),
	onlyReads: true,
	isAfterthought: true,
	work: async () => (await import("./work/health-check.ts")).check,
});
