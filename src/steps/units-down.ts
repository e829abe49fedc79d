// Fails when a unit that was stopped is up again, right before and after what it uses is moved: it would go on with the old.
import { ref } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { stopped: ref<"units-stop">() };
export type UnitsDownStep = StepOf<"units-down", typeof params>;

export const unitsDown = defineStep({
	kind: "units-down",
	params,
	id: (when: "before" | "after", state: string) => `${when === "before" ? "down" : "still-down"}:${state}`,
	onlyReads: true,
	work: async () => (await import("./work/units-down.ts")).unitsDown,
});
