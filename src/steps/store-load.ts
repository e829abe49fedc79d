// Replace the content of a store with that of a dump, while its units are down.
import * as v from "valibot";
import type { DumpFacts, WayBack } from "../databases/database.ts";
import type { StoreDump } from "../databases/dump.ts";
import { object, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<StoreDump>(),
	/** The dump. */
	file: text,
	facts: some<DumpFacts>(),
	/** What an undo brings the old content back with. */
	wayBack: v.custom<WayBack>((value) => typeof value === "string"),
	/** If services wrote to the store before an undo, it is dumped to this file. */
	found: text,
};
export type StoreLoadStep = StepOf<"store-load", typeof params>;

const note = object({
	began: v.literal(true),
	/** The units were up after the run was interrupted: the content may have been changed, and an undo keeps it. */
	written: v.exactOptional(v.literal(true)),
});
export type StoreLoaded = v.InferOutput<typeof note>;

export const storeLoad = defineStep({
	kind: "store-load",
	params,
	id: (state: string, index: number) => `store-load:${state}:${index}`,
	note,
	hands: note,
	looksFirst: true,
	work: async () => (await import("./work/store-load.ts")).storeLoad,
});
