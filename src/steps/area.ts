// Create the private folder of a restore. It is removed only when it holds nothing of the old state.
import type * as v from "valibot";
import { object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** The names inside a private folder: for the data from the archive, and for the old data. */
export const NEW = "new";
export const OLD = "old";

const params = { area: text };
export type AreaStep = StepOf<"area", typeof params>;

/** Folders above the private folder that had to be created, the deepest first. */
const note = object({ parents: texts });
export type MadeAbove = v.InferOutput<typeof note>;

export const area = defineStep({
	kind: "area",
	params,
	id: (state: string, which: number | "dumps" | "stores") => `area:${state}:${which}`,
	note,
	undoesLast: true,
	work: async () => (await import("./work/area.ts")).area,
});
