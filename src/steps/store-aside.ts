// Dump the live content of a store into a private folder, before anything of its state is replaced. If a load follows and
// is undone, this dump is loaded again, once the state's folders are back.
import * as v from "valibot";
import type { StoreDump } from "../databases/dump.ts";
import { object, ref, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<StoreDump>(),
	file: text,
	/** The step that replaces the content. */
	before: ref<"store-load">(),
};
export type StoreAsideStep = StepOf<"store-aside", typeof params>;

const note = object({ began: v.literal(true) });
export type PutAside = v.InferOutput<typeof note>;

export const storeAside = defineStep({
	kind: "store-aside",
	params,
	id: (state: string, index: number) => `store-aside:${state}:${index}`,
	note,
	work: async () => (await import("./work/store-aside.ts")).storeAside,
});
