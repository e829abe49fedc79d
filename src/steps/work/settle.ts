// Check that the started units stay up.
import { setTimeout as pause } from "node:timers/promises";
import { unitFailure } from "../../host/systemd.ts";
import { type UnitFacts, unitFacts } from "../../host/unit-facts.ts";
import { counted } from "../../values/counted.ts";
import type { SettleStep } from "../settle.ts";
import type { StepWork } from "../step.ts";
import { unitsStart } from "../units-start.ts";
import { isRunning } from "./unit-status.ts";
import { factsOf } from "./units-around.ts";
import { leftDown, startsOf } from "./units-start.ts";

const POLL_MS = 250;

export const settle: StepWork<SettleStep> = {
	async run({ stopped, seconds }, { plan, handedBy, signal }) {
		const start = unitsStart.among(plan.steps).find((step) => step.stopped === stopped);
		const { started = [], became = [] } = (start && handedBy(unitsStart, start.id)) ?? {};
		if (started.length === 0) return { skipped: leftDown(became) };
		const until = performance.now() + seconds * 1000;
		do {
			const facts = await factsOf(started);
			for (const unit of started) {
				const now = facts.get(unit);
				if (!now || !(await staysUp(unit.user, now, startsOf(unit, plan, handedBy))))
					throw await unitFailure(unit, `did not stay active for ${counted(seconds, "second")}`);
			}
			await pause(POLL_MS, undefined, { signal });
		} while (performance.now() < until);
		return undefined;
	},
};

/** Also true for a unit that is still starting, and for one that has ended cleanly because nothing needs it now. */
async function staysUp(
	user: string | undefined,
	now: UnitFacts,
	starts: readonly string[],
): Promise<boolean> {
	if (isRunning(now)) return now.sub !== "auto-restart" && starts.includes(now.invocation);
	if (now.active === "failed" || now.result !== "success") return false;
	if (now.ends) return true;
	const triggers = await unitFacts(user, now.triggeredBy);
	return triggers.some(isRunning);
}
