// Remove a file from this machine.
import * as v from "valibot";
import { text } from "./fields.ts";
import { stood } from "./file-put.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	path: text,
	/** What a deploy has kept there is put back in the file's place. */
	restores: v.exactOptional(text),
};
export type FileTakeStep = StepOf<"file-take", typeof params>;

export const fileTake = defineStep({
	kind: "file-take",
	params,
	id: (path: string) => `take:${path}`,
	note: stood,
	work: async () => (await import("./work/files.ts")).fileTake,
});
