// Fails if a declared folder is missing, or its disk is not mounted: the archive would be incomplete.
import * as v from "valibot";
import { byName, object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	folders: texts,
	/** The state that the folders belong to; absent in plans of 0.1.0. */
	state: v.exactOptional(text),
	exclude: v.exactOptional(texts),
	except: v.exactOptional(texts),
	/** The user says that the folders are as they should be, whatever they were before. */
	accept: v.exactOptional(v.boolean()),
};
export type FoldersPresentStep = StepOf<"folders-present", typeof params>;

/** Facts about the state's folders right before they were stored. */
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
