// Make a database of a dump, beside the live one.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { ServerDump } from "../databases/dump.ts";
import { trusting } from "./accounts.ts";
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
	...trusting,
};
export type LoadStep = StepOf<"load", typeof params>;

const note = object({ began: v.literal(true) });
/** What the swap must know of it. */
const hands = object({ rest: v.exactOptional(v.unknown()) });
export type Loading = v.InferOutput<typeof note>;
export type Loaded = v.InferOutput<typeof hands>;

export const load = defineStep({
	kind: "load",
	params,
	id: (state: string, index: number) => `load:${state}:${index}`,
	note,
	hands,
	// While a swap is not taken back, part of what is live may be in it.
	undoesLast: true,
	work: async () => (await import("./work/load.ts")).load,
});
