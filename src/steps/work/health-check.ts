// Run a health check repeatedly until it succeeds or times out.
import { setTimeout as pause } from "node:timers/promises";
import { healthCheckKind } from "../../health/list.ts";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import type { CheckStep } from "../check.ts";
import type { StepContext } from "../context.ts";
import type { StepWork } from "../step.ts";
import { unitsStart } from "../units-start.ts";

const BETWEEN_MS = 250;
/** The time limit for one attempt, however much time is left. */
const LEAST_SECONDS = 5;

export const check: StepWork<CheckStep> = {
	async run({ check, state, scope }, context) {
		const { plan, signal, log } = context;
		const kind = healthCheckKind(check);
		const label = kind.label(check);
		const down = kind.asksService ? whyNotUp(scope, context) : undefined;
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
					subject: label,
					details: fault.details,
					hint: `it was checked for ${counted(check.within, "second")}`,
				});
			log(`${label}: ${fault.what}; retrying`);
			await pause(BETWEEN_MS, undefined, { signal });
		}
	},
};

/** Why a state's service cannot be checked: it was not started, and that was reported. */
function whyNotUp(scope: string, { plan, handedBy }: StepContext): string | undefined {
	const start = unitsStart.among(plan.steps).find((step) => step.scope === scope);
	const became = start && handedBy(unitsStart, start.id)?.became.filter(({ role }) => role === "own");
	if (!became || became.length === 0) return undefined;
	const missed = became.find((one) => one.missed);
	const down = missed ?? (became.every((one) => one.became === "left down") ? became[0] : undefined);
	return down && `${down.unit} was left down, because ${down.because}`;
}
