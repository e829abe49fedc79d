// Examine a database, or all databases of a server, and write its dump to a private file.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { Dump } from "../databases/dump.ts";
import { byName, listOf, object, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<Dump>(),
	/** In the state's private folder. When all databases of a server are dumped, each has its own file next to this one. */
	file: text,
	/** The dump is streamed into the engine, without a file. */
	streamed: v.exactOptional(v.boolean()),
};
export type DumpStep = StepOf<"dump", typeof params>;

const database = object({
	dump: some<Dump>(),
	facts: some<DumpFacts>(),
	/** The dump's path; a streamed dump has no file there. */
	file: text,
	/** The file with its accounts. */
	accounts: v.exactOptional(text),
	/** SHA-256 of these files, in hex, by path. For a streamed dump it is known only later. Absent in 0.1.0. */
	digests: v.exactOptional(byName(text)),
});
export type DumpedDatabase = v.InferOutput<typeof database>;

/** The dumped databases that go into the archives. */
const hands = object({ databases: listOf(database) });
export type Dumped = v.InferOutput<typeof hands>;

export const dump = defineStep({
	kind: "dump",
	params,
	id: (state: string, index: number) => `dump:${state}:${index}`,
	hands,
	onlyReads: true,
	work: async () => (await import("./work/dump.ts")).dump,
});
