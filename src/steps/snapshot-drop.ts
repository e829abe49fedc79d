// Delete the snapshots of a run.
import { listOf, object, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	snapshots: listOf(object({ name: text, type: text, area: text, mount: text })),
};
export type SnapshotDropStep = StepOf<"snapshot-drop", typeof params>;

export const snapshotDrop = defineStep({
	kind: "snapshot-drop",
	params,
	id: () => "snapshot-drop",
	due: ({ title }) => title,
	work: async () => (await import("./work/snapshot.ts")).snapshotDrop,
});
