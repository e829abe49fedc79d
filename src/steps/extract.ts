// Extract part of an archive below a folder of the user's choice, without touching anything else.
import * as v from "valibot";
import { archiveSource, object, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { ...archiveSource, paths: texts, into: text, specialFiles: v.exactOptional(v.boolean()) };
export type ExtractStep = StepOf<"extract", typeof params>;

const note = object({
	/** The real path, links resolved; absent in 0.1.0. */
	into: v.exactOptional(text),
	/** Folders that had to be created, the deepest first; empty if the folder existed. */
	folders: texts,
});
export type Extracted = v.InferOutput<typeof note>;

export const extract = defineStep({
	kind: "extract",
	params,
	id: () => "extract",
	note,
	work: async () => (await import("./work/extract.ts")).extract,
});
