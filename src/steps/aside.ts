// Rename what stands there aside; nothing, or an empty mount, stands at its place after.
import * as v from "valibot";
import { object, place } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { place };
export type AsideStep = StepOf<"aside", typeof params>;

const note = object({
	/** By entries: the old copy has the folder's own attributes. */
	attributesKept: v.exactOptional(v.boolean()),
	/** What cannot be renamed is copied. `whole`: the copy is, and what was copied is deleted from now on. */
	copied: v.exactOptional(v.picklist(["begun", "whole", "gone"])),
});
export type Aside = v.InferOutput<typeof note>;

export const aside = defineStep({
	kind: "aside",
	params,
	id: (state: string, index: number) => `aside:${state}:${index}`,
	note,
	work: async () => (await import("./work/aside.ts")).aside,
});
