// Rename the live database to `old`, and `fresh` to the live name.
import * as v from "valibot";
import type { SwapMemory } from "../databases/database.ts";
import type { ServerDump } from "../databases/dump.ts";
import { object, ref, some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<ServerDump>(),
	/** Database names. */
	fresh: text,
	old: text,
	/** The database gets this new name in place of the dump's: the live one is left alone, and none may be named so. */
	into: v.exactOptional(text),
	/** The step that loaded the fresh database and recorded what else belongs to it; or that record itself. */
	loaded: v.exactOptional(ref<"load">()),
	rest: v.exactOptional(v.unknown()),
};
export type DatabaseSwapStep = StepOf<"database-swap", typeof params>;

const note = object({
	began: v.literal(true),
	/** Null until there is something to record; undefined in journals of 0.1.0, which recorded it elsewhere. */
	memory: v.exactOptional(v.nullable(some<SwapMemory>())),
	/** The units were up after the run was interrupted: the new database may have been written to, and an undo keeps it. */
	written: v.exactOptional(v.literal(true)),
});
export type Swapped = v.InferOutput<typeof note>;

export const databaseSwap = defineStep({
	kind: "database-swap",
	params,
	id: (state: string, index: number) => `swap:${state}:${index}`,
	note,
	hands: note,
	looksFirst: true,
	work: async () => (await import("./work/database-swap.ts")).databaseSwap,
});
