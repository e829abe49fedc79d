// Delete what stands there and extract over it: there is no way back, only to the end.
import * as v from "valibot";
import { archiveSource, object, places } from "./fields.ts";
import { placing } from "./place.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { ...archiveSource, places, specialFiles: v.exactOptional(v.boolean()) };
export type OverwriteStep = StepOf<"overwrite", typeof params>;

const note = object({
	...placing,
	/** All is where it belongs: only the private folders are left to remove. */
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
