// Ask whether the service is healthy, again and again until it is or its time is over.
import { setTimeout as pause } from "node:timers/promises";
import { healthCheckKind } from "../../health/list.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork } from "../context.ts";
import type { CheckStep } from "../step.ts";
import { whyNotUp } from "./unit-notes.ts";

const BETWEEN_MS = 250;
/** One attempt may take this long, whatever time is left. */
const LEAST_SECONDS = 5;

export const check: StepWork<CheckStep> = {
	async run({ check, state, scope }, { plan, noteOf, signal, log }) {
		const kind = healthCheckKind(check);
		const label = kind.label(check);
		const down = kind.asksService ? whyNotUp(plan, scope, noteOf) : undefined;
		if (down !== undefined) return { skipped: down };
		const dumps = plan.manifest.state[state]?.dumps ?? [];
		const until = performance.now() + check.within * 1000;
		for (;;) {
			const seconds = Math.max((until - performance.now()) / 1000, LEAST_SECONDS);
			const fault = await kind.ask(check, { seconds, dumps, signal, log });
			signal.throwIfAborted();
			if (fault === undefined) return undefined;
			if (performance.now() >= until)
				throw new HoldfastError("health-check-failed", `${state} is not healthy: ${label}: ${fault.what}`, {
					details: fault.details,
					hint: `it was asked for ${check.within} seconds`,
				});
			log(`${label}: ${fault.what}; asking again`);
			await pause(BETWEEN_MS, undefined, { signal });
		}
	},
};
