// Install a file on this machine atomically.
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { object, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	path: text,
	from: text,
	/** Octal: the mode of the file, and of folders that must be created for it. */
	mode: text,
	folderMode: text,
	/** Where what was there is kept for an undeploy: it is not from a deploy. */
	keeps: v.exactOptional(text),
};
export type FilePutStep = StepOf<"file-put", typeof params>;

/** `had`: a file existed there before. */
export const stood = object({ had: v.boolean() });
export type Stood = v.InferOutput<typeof stood>;

/** Next to the file: the new version, and the old one. */
export function asides(path: string, run: string): { readonly fresh: string; readonly old: string } {
	const beside = (end: string) => join(dirname(path), `.${basename(path)}.${run}.${end}`);
	return { fresh: beside("new"), old: beside("old") };
}

export const filePut = defineStep({
	kind: "file-put",
	params,
	id: (path: string) => `put:${path}`,
	note: stood,
	work: async () => (await import("./work/files.ts")).filePut,
});
