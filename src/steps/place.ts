// Rename the staged data to the live place. The undo removes them again, but keeps them if something wrote to them after
// the run was interrupted.
import * as v from "valibot";
import * as f from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { place: f.place };
export type PlaceStep = StepOf<"place", typeof params>;

/** After the run was interrupted, something wrote to the data that it had put in place. */
export const written = f.object({
	/** Where an undo moves the data. */
	keptAs: f.text,
	/** For a place that is kept (mode `entries`): the names in it at that time. */
	entries: v.exactOptional(f.texts),
});
export type Written = v.InferOutput<typeof written>;

export const placing = {
	/** With mode `entries`: the names that the archive brings. */
	entries: v.exactOptional(f.texts),
	/** Parent folders that had to be created, the deepest first. */
	parents: v.exactOptional(f.texts),
};
const note = f.object({
	...placing,
	written: v.exactOptional(written),
});
export type Placed = v.InferOutput<typeof note>;

export const place = defineStep({
	kind: "place",
	params,
	id: (state: string, index: number) => `place:${state}:${index}`,
	note,
	looksFirst: true,
	standsInPlace: true,
	work: async () => (await import("./work/place.ts")).place,
});
