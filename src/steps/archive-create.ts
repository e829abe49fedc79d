// Write one archive to one destination. It holds the states that have not failed so far.
import * as v from "valibot";
import { archiveSource, byName, listOf, object, ref, text, texts, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const state = object({
	/** If this step fails, the state is left out. */
	scope: text,
	folders: texts,
	/** Patterns, as written in the config. */
	exclude: texts,
	/** Further paths to leave out. */
	except: v.exactOptional(texts),
	/** The step that examined the state's folders. */
	seenBy: v.exactOptional(ref<"folders-present">()),
	/**
	 * It is read from snapshots, if the step took them all: its folders' real paths, and those in the snapshots. `required`: it is
	 * not read otherwise; `still`: its units stand still while they are taken; `copied`: some of them are copies.
	 */
	snapshot: v.exactOptional(
		object({
			...{ step: ref<"snapshot">(), volumes: texts, folders: byName(text), required: v.boolean() },
			still: v.exactOptional(v.boolean()),
			copied: v.exactOptional(v.boolean()),
			/** Only if the step found that these stood still. */
			frozen: v.exactOptional(object({ step: ref<"units-thaw">(), units })),
		}),
	),
	/** What stopped its units. */
	down: v.exactOptional(ref<"units-stop">()),
	/** The steps whose databases go into the archive. */
	dumps: listOf(object({ step: ref<"dump">(), streamed: v.boolean() })),
});
export type StateToStore = v.InferOutput<typeof state>;

const params = {
	...archiveSource,
	/** The user says that the states are as they should be, however much smaller they are than before. */
	accept: v.exactOptional(v.boolean()),
	/** By name. */
	states: byName(state),
};
export type ArchiveCreateStep = StepOf<"archive-create", typeof params>;

const note = object({
	begun: v.literal(true),
	/** The engine's warnings have been examined and reported. */
	seen: v.exactOptional(v.literal(true)),
	/** The destination's disk was not there, and so nothing was written. */
	refused: v.exactOptional(v.literal(true)),
});
export type Begun = v.InferOutput<typeof note>;

export const archiveCreate = defineStep({
	kind: "archive-create",
	params,
	id: (provider: string, destination: string) => `create:${provider}/${destination}`,
	note,
	due: ({ archive, provider, destination }) =>
		`find out whether ${provider}/${destination} holds ${archive}, which may be incomplete`,
	async dueAt({ provider, destination }, manifest) {
		const { openDestination } = await import("../engines/registry.ts");
		return (await openDestination(manifest, provider, destination)).location;
	},
	work: async () => (await import("./work/archive-create.ts")).archiveCreate,
});
