// Catch the volumes of states in one instant, one right after the other, before an engine reads them.
import * as v from "valibot";
import { byName, listOf, object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	volumes: listOf(
		object({
			/** Of this list. */
			name: text,
			/** The kind of snapshot. */
			type: text,
			/** Its path. */
			volume: text,
			/** The private folder, on the same file system, that the snapshot is in. */
			area: text,
			/** The type of that file system. */
			fileSystem: v.exactOptional(text),
			/** Its mount point. */
			mount: text,
		}),
	),
	states: byName(
		object({
			scope: text,
			/** A state that cannot be caught fails; otherwise it is read as it is. */
			required: v.boolean(),
			/** Nobody has asked for a snapshot: that there is none is only in the log. */
			byDefault: v.exactOptional(v.literal(true)),
			/** The names of its volumes. */
			volumes: texts,
			/** Its folders and what is mounted or nested in them: the real paths, and those in the snapshots. */
			folders: v.exactOptional(byName(text)),
			/** Volumes and mount points in them that are not stored. */
			left: v.exactOptional(texts),
			/** Why there are none. */
			why: v.exactOptional(text),
			/** What would help. */
			hint: v.exactOptional(text),
		}),
	),
};
export type SnapshotStep = StepOf<"snapshot", typeof params>;

const note = object({ began: v.literal(true) });
const hands = object({
	/** The names of the volumes that were caught. */
	caught: v.exactOptional(texts),
	/** The states of which something is not in the snapshots. */
	torn: v.exactOptional(texts),
	/** Seconds between the first snapshot and the last. */
	spread: v.exactOptional(v.number()),
});
export type Began = v.InferOutput<typeof note>;
export type Caught = v.InferOutput<typeof hands>;

export const snapshot = defineStep({
	kind: "snapshot",
	params,
	id: () => "snapshot",
	note,
	hands,
	work: async () => (await import("./work/snapshot.ts")).snapshot,
});
