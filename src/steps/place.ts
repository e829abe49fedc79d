// Rename what was staged to the live place. Its undo takes that away again, and keeps it where something has written to it
// after the run died.
import * as v from "valibot";
import * as f from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { place: f.place };
export type PlaceStep = StepOf<"place", typeof params>;

/** After the run had died, something wrote to what it had put in place. */
export const written = f.object({
	/** Where an undo puts it. */
	keptAs: f.text,
	/** Of a place that stays: the names in it then. */
	entries: v.exactOptional(f.texts),
});
export type Written = v.InferOutput<typeof written>;

export const placing = {
	/** By entries: the names that it brings. */
	entries: v.exactOptional(f.texts),
	/** Folders above that had to be made for it, the deepest first. */
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
