// Make a database's file of a dump, in a folder that was extracted.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { FileDump } from "../databases/dump.ts";
import { some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<FileDump>(),
	file: text,
	facts: some<DumpFacts>(),
	/**
	 * The folder that was extracted, and the file's path in it, no part of which is followed as a link. 0.1.0 had one
	 * path, `to`.
	 */
	folder: v.exactOptional(text),
	to: text,
};
export type EmbedStep = StepOf<"embed", typeof params>;

export const embed = defineStep({
	kind: "embed",
	params,
	id: (state: string, index: number) => `embed:${state}:${index}`,
	work: async () => (await import("./work/embed.ts")).embed,
});
