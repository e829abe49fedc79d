// Fails if a stopped unit is up again, right before and after its data are moved: it would continue with the old data.
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
