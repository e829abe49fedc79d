// Look at a database, or at all that a server has, and write its dump to a private file.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { Dump } from "../databases/dump.ts";
import { byName, listOf, object, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<Dump>(),
	/** In a private folder of the state's own. Of all databases of a server each has a file beside this. */
	file: text,
	/** The dump goes into the engine as it is made, without a file. */
	streamed: v.exactOptional(v.boolean()),
};
export type DumpStep = StepOf<"dump", typeof params>;

const database = object({
	dump: some<Dump>(),
	facts: some<DumpFacts>(),
	/** The dump's path; nothing is there when it is streamed. */
	file: text,
	/** The file with its accounts. */
	accounts: v.exactOptional(text),
	/** SHA-256 of these files, in hex, by path; of a streamed dump it is known later. 0.1.0 had none. */
	digests: v.exactOptional(byName(text)),
});
export type DumpedDatabase = v.InferOutput<typeof database>;

/** What goes into the archives. */
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
