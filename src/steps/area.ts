// Make the private folder of a restore. It goes again only when nothing of the old state is in it.
import type * as v from "valibot";
import { object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** The names inside an area, for what the archive brings and for what stood there before. */
export const NEW = "new";
export const OLD = "old";

const params = { area: text };
export type AreaStep = StepOf<"area", typeof params>;

/** Folders above the area that had to be made for it, the deepest first. */
const note = object({ parents: texts });
export type MadeAbove = v.InferOutput<typeof note>;

export const area = defineStep({
	kind: "area",
	params,
	id: (state: string, which: number | "dumps") => `area:${state}:${which}`,
	note,
	undoesLast: true,
	work: async () => (await import("./work/area.ts")).area,
});
