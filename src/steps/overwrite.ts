// Delete the live data and extract over them: from here on a run can only be completed, not undone.
import * as v from "valibot";
import { archiveSource, object, places } from "./fields.ts";
import { placing } from "./place.ts";
import { unlinked } from "./stage.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	...archiveSource,
	places,
	specialFiles: v.exactOptional(v.boolean()),
	unlinked,
};
export type OverwriteStep = StepOf<"overwrite", typeof params>;

const note = object({
	...placing,
	/** All data are in place: only the private folders remain to be removed. */
	placed: v.exactOptional(v.literal(true)),
});
export type Overwritten = v.InferOutput<typeof note>;

export const overwrite = defineStep({
	kind: "overwrite",
	params,
	id: (state: string) => `overwrite:${state}`,
	note,
	work: async () => (await import("./work/overwrite.ts")).overwrite,
});
