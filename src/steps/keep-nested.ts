// Move another state's folder, which lies within this place, from the old copy to the new one.
import * as v from "valibot";
import { object, place, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	place,
	/** Relative to the place. */
	nested: text,
	/** It existed when the plan was made: if it is not found, the restore is rolled back. */
	present: v.exactOptional(v.boolean()),
};
export type KeepNestedStep = StepOf<"keep-nested", typeof params>;

/** Folders that had to be created above it, the deepest first. */
const note = object({ parents: texts });
export type MadeOnTheWay = v.InferOutput<typeof note>;

export const keepNested = defineStep({
	kind: "keep-nested",
	params,
	id: (state: string, index: number) => `keep-nested:${state}:${index}`,
	note,
	work: async () => (await import("./work/keep-nested.ts")).keepNested,
});
