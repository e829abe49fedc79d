// Move the live data aside by rename. Afterwards nothing, or an empty mount point, is in their place.
import * as v from "valibot";
import { object, place } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { place };
export type AsideStep = StepOf<"aside", typeof params>;

const note = object({
	/** With mode `entries`: the old copy has the folder's own attributes. */
	attributesKept: v.exactOptional(v.boolean()),
	/** Data that cannot be renamed are copied. `whole`: the copy is complete, and the originals are being deleted. */
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
