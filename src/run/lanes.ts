// Which steps of a plan may run at once.
import type { Step } from "../steps/plan.ts";

/** Groups in order; a group's lanes may run side by side, the steps of a lane one after another. */
export function lanesOf(steps: readonly Step[]): Step[][][] {
	const groups: Step[][] = [];
	for (const step of steps) {
		const last = groups.at(-1);
		if (step.sideBySide && last?.[0]?.sideBySide) last.push(step);
		else groups.push([step]);
	}
	return groups.map((group) => [...Map.groupBy(group, ({ scope }) => scope).values()]);
}
