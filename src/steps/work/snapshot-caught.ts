// What became of a run's snapshots, for later steps.
import type { StepContext } from "../context.ts";
import { snapshot } from "../snapshot.ts";

/** Whether all snapshots of a state were taken, and hold all of it. */
export function isCaught(name: string, { plan, handedBy }: Pick<StepContext, "plan" | "handedBy">): boolean {
	return snapshot.among(plan.steps).some(({ id, states }) => {
		const { caught = [], torn = [] } = handedBy(snapshot, id) ?? {};
		const { volumes = [] } = states[name] ?? {};
		return volumes.length > 0 && !torn.includes(name) && volumes.every((one) => caught.includes(one));
	});
}
