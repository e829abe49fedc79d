// Bring a folder of another state, which lies within this place, from the old copy over to the new one.
import * as v from "valibot";
import { object, place, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	place,
	/** Below the place, relative. */
	nested: text,
	/** It was there when the plan was made: it must be found, or all is undone. */
	present: v.exactOptional(v.boolean()),
};
export type CarryStep = StepOf<"carry", typeof params>;

/** Folders that had to be made on the way to it, the deepest first. */
const note = object({ parents: texts });
export type MadeOnTheWay = v.InferOutput<typeof note>;

export const carry = defineStep({
	kind: "carry",
	params,
	id: (state: string, index: number) => `carry:${state}:${index}`,
	note,
	work: async () => (await import("./work/carry.ts")).carry,
});
