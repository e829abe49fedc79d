// Load a dump into a new database next to the live one.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { ServerDump } from "../databases/dump.ts";
import { trustParams } from "./accounts.ts";
import { object, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<ServerDump>(),
	file: text,
	/** The file with its accounts. */
	accounts: v.exactOptional(text),
	facts: some<DumpFacts>(),
	/** The name of the database. */
	as: text,
	...trustParams,
};
export type LoadStep = StepOf<"load", typeof params>;

const note = object({ began: v.literal(true) });
/** What the swap must know. */
const hands = object({ rest: v.exactOptional(v.unknown()) });
export type Loading = v.InferOutput<typeof note>;
export type Loaded = v.InferOutput<typeof hands>;

export const load = defineStep({
	kind: "load",
	params,
	id: (state: string, index: number) => `load:${state}:${index}`,
	note,
	hands,
	// Until a swap is undone, part of the live database may be in this one.
	undoesLast: true,
	work: async () => (await import("./work/load.ts")).load,
});
