// Remove a file from this machine.
import { text } from "./fields.ts";
import { stood } from "./file-put.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { path: text };
export type FileTakeStep = StepOf<"file-take", typeof params>;

export const fileTake = defineStep({
	kind: "file-take",
	params,
	id: (path: string) => `take:${path}`,
	note: stood,
	work: async () => (await import("./work/files.ts")).fileTake,
});
