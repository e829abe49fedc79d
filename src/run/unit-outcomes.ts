// What became of each unit that a run dealt with, according to its steps.
import type { LoadedKind } from "../steps/list.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { UnitOutcome } from "../steps/unit-outcome.ts";
import type { Standing } from "./standing.ts";

/** In the order of the plan; the last known outcome of each unit. */
export function unitOutcomes(
	{ steps }: Plan,
	kinds: ReadonlyMap<string, LoadedKind>,
	{ handedBy }: Pick<Standing, "handedBy">,
): UnitOutcome[] {
	const outcomesOf = (step: Step) => {
		try {
			return kinds.get(step.kind)?.work.units?.(step, { handedBy }) ?? [];
		} catch {
			// The step's note cannot be parsed: its undo has reported that, and the run must end nonetheless.
			return [];
		}
	};
	const last = new Map<string, UnitOutcome>();
	for (const step of steps) {
		for (const one of outcomesOf(step)) last.set(JSON.stringify([one.user, one.unit]), one);
	}
	return [...last.values()];
}
