// Let an engine that can only restore to the original paths write there; the old data were moved aside before.
import * as v from "valibot";
import { archiveSource, byName, object, places } from "./fields.ts";
import { written } from "./place.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { ...archiveSource, places };
export type EngineRestoreStep = StepOf<"engine-restore", typeof params>;

const note = object({
	began: v.literal(true),
	/** When the engine ended, in milliseconds. */
	ended: v.exactOptional(v.number()),
	/** By live path: something wrote to it after the run was interrupted. */
	written: v.exactOptional(byName(written)),
});
export type Restored = v.InferOutput<typeof note>;

export const engineRestore = defineStep({
	kind: "engine-restore",
	params,
	id: (state: string) => `restore:${state}`,
	note,
	looksFirst: true,
	standsInPlace: true,
	work: async () => (await import("./work/engine-restore.ts")).engineRestore,
});
