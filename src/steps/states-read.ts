// Wait until every archive of a run holds the states whose units are down, so that those can start while the rest is read.
import { listOf, ref } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** The lane of this step and of the starts that wait for it. */
export const STARTS_LANE = "starts";

const params = {
	/** The steps that read them. */
	by: listOf(ref<"archive-create">()),
	/** What stopped their units. */
	stops: listOf(ref<"units-stop">()),
};
export type StatesReadStep = StepOf<"states-read", typeof params>;

export const statesRead = defineStep({
	kind: "states-read",
	params,
	id: () => "states-read",
	onlyReads: true,
	work: async () => (await import("./work/states-read.ts")).statesRead,
});
