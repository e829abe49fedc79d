// Check that stopped units are still down.
import { setTimeout as pause } from "node:timers/promises";
import { busNamesOf } from "../../host/message-bus.ts";
import { unitFailure, unitLabel } from "../../host/systemd.ts";
import type { UnitFacts } from "../../host/unit-facts.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork } from "../step.ts";
import type { UnitsDownStep } from "../units-down.ts";
import { type Known, unitsStop } from "../units-stop.ts";
import { GONE } from "./bring-up.ts";
import { isDown, isUp } from "./unit-status.ts";
import { factsOf, ownOf } from "./units-around.ts";

const POLL_MS = 250;
/** How long a stopping unit may take before it counts as one that does not stop. */
const SETTING_DOWN_MS = 5_000;

export const unitsDown: StepWork<UnitsDownStep> = {
	async run({ stopped }, { handedBy, signal }) {
		const own = ownOf(handedBy(unitsStop, stopped));
		const until = performance.now() + SETTING_DOWN_MS;
		for (;;) {
			const facts = await factsOf(own);
			const upAgain = own.filter((unit) => isUp(facts.get(unit) ?? GONE));
			if (upAgain.length > 0) throw startedMeanwhile(upAgain, facts);
			const going = own.filter((unit) => !isDown(facts.get(unit) ?? GONE));
			if (going.length === 0) return;
			if (performance.now() > until)
				throw await unitFailure(going[0] ?? { unit: "" }, "does not stop, or is waiting to be started");
			await pause(POLL_MS, undefined, { signal });
		}
	},
};

function startedMeanwhile(units: readonly Known[], facts: ReadonlyMap<object, UnitFacts>): HoldfastError {
	const [first] = units;
	const { triggeredBy = [], pulledBy = [] } = (first && facts.get(first)) ?? {};
	const names = units.flatMap(({ unit, user }) => (user === undefined ? busNamesOf(unit) : []));
	const suspects = [
		...[...new Set([...triggeredBy, ...pulledBy])].filter((name) => !name.endsWith(".target")),
		...names.map((name) => `requests for ${name} on the message bus`),
	];
	return new HoldfastError(
		"unit-failed",
		`${units.map(unitLabel).join(", ")} was started again by something while it had to be down`,
		{
			subject: units.map(unitLabel).join(", "),
			details: suspects.length === 0 ? [] : [`what can start it: ${suspects.join(", ")}`],
			hint:
				names.length === 0
					? "find what starts it (a hook, a timer, a script that watches it), and add its unit to stopOnRestore"
					: `find out what requests it (busctl monitor ${names[0]}), and add its unit to stopOnRestore`,
		},
	);
}
