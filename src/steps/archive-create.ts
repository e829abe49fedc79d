// Have one destination write one archive of the states that are good until then.
import * as v from "valibot";
import { archiveSource, byName, listOf, object, ref, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const state = object({
	/** When that fails, the state is left out. */
	scope: text,
	folders: texts,
	/** Patterns, as they are written. */
	exclude: texts,
	/** Paths that are left out beside. */
	except: v.exactOptional(texts),
	/** The step that looked at its folders. */
	seenBy: v.exactOptional(ref<"folders-present">()),
	/** The steps whose databases go into the archive. */
	dumps: listOf(object({ step: ref<"dump">(), streamed: v.boolean() })),
});
export type StateToStore = v.InferOutput<typeof state>;

const params = {
	...archiveSource,
	/** A person has said that the states are as they should be, however much smaller they are than before. */
	accept: v.exactOptional(v.boolean()),
	/** By name. */
	states: byName(state),
};
export type ArchiveCreateStep = StepOf<"archive-create", typeof params>;

const note = object({
	begun: v.literal(true),
	/** What the engine had to say has been looked at, and told. */
	seen: v.exactOptional(v.literal(true)),
});
export type Begun = v.InferOutput<typeof note>;

export const archiveCreate = defineStep({
	kind: "archive-create",
	params,
	id: (provider: string, destination: string) => `create:${provider}/${destination}`,
	note,
	due: ({ archive, destination }) => `look for ${archive} in ${destination}`,
	work: async () => (await import("./work/archive-create.ts")).archiveCreate,
});
