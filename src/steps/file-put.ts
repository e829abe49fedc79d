// Put a file in its place on this machine, whole at every instant.
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { object, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	path: text,
	from: text,
	/** Octal: of the file, and of folders that must be made for it. */
	mode: text,
	folderMode: text,
};
export type FilePutStep = StepOf<"file-put", typeof params>;

/** `had`: something stood there. */
export const stood = object({ had: v.boolean() });
export type Stood = v.InferOutput<typeof stood>;

/** Beside the file: what comes, and what stood there. */
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
