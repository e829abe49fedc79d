// Fails when a declared folder is not there, or its disk is not mounted: it would be a hole in the archive.
import * as v from "valibot";
import { byName, object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	folders: texts,
	/** Whose they are; plans of 0.1.0 do not say. */
	state: v.exactOptional(text),
	exclude: v.exactOptional(texts),
	except: v.exactOptional(texts),
	/** A person has said that they are as they should be, whatever they were before. */
	accept: v.exactOptional(v.boolean()),
};
export type FoldersPresentStep = StepOf<"folders-present", typeof params>;

/** What there was of the state right before it was stored. */
const hands = object({ mounts: byName(text) });
export type Present = v.InferOutput<typeof hands>;

export const foldersPresent = defineStep({
	kind: "folders-present",
	params,
	id: (state: string) => `folders:${state}`,
	hands,
	onlyReads: true,
	work: async () => (await import("./work/folders-present.ts")).foldersPresent,
});
