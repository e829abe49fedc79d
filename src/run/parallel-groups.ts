// Which steps of a plan may run in parallel.
import type { Step } from "../steps/plan.ts";

/** Groups in order. The lanes of a group may run in parallel, the steps of a lane run one after another. */
export function parallelGroups(steps: readonly Step[]): Step[][][] {
	const groups: Step[][] = [];
	for (const step of steps) {
		const last = groups.at(-1);
		if (step.sideBySide && last?.[0]?.sideBySide) last.push(step);
		else groups.push([step]);
	}
	return groups.map((group) => [...Map.groupBy(group, ({ lane, scope }) => lane ?? scope).values()]);
}
