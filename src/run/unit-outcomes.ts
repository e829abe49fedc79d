// What became of each unit that a run had to do with, as its steps tell it.
import type { LoadedKind } from "../steps/list.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { UnitOutcome } from "../steps/unit-outcome.ts";
import type { Standing } from "./standing.ts";

/** In the order of the plan; the last that is known of a unit. */
export function unitOutcomes(
	{ steps }: Plan,
	kinds: ReadonlyMap<string, LoadedKind>,
	{ handedBy }: Pick<Standing, "handedBy">,
): UnitOutcome[] {
	const outcomesOf = (step: Step) => {
		try {
			return kinds.get(step.kind)?.work.units?.(step, { handedBy }) ?? [];
		} catch {
			// What it noted is not understood: its undo has said so, and a run ends all the same.
			return [];
		}
	};
	const last = new Map<string, UnitOutcome>();
	for (const step of steps) {
		for (const one of outcomesOf(step)) last.set(JSON.stringify([one.user, one.unit]), one);
	}
	return [...last.values()];
}
