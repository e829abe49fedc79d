// Build a database file from a dump, in a folder that was extracted.
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
	 * The extracted folder, and the file's path in it. No part of that path is followed if it is a link. 0.1.0 had a single
	 * path, `to`.
	 */
	folder: v.exactOptional(text),
	to: text,
};
export type DatabaseFileStep = StepOf<"database-file", typeof params>;

export const databaseFile = defineStep({
	kind: "database-file",
	params,
	id: (state: string, index: number) => `database-file:${state}:${index}`,
	work: async () => (await import("./work/database-file.ts")).databaseFile,
});
