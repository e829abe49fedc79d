// Keep the old copies for a while; `holdfast undo` brings them back.
import * as v from "valibot";
import type { ServerDump } from "../databases/dump.ts";
import { databaseSwap } from "./database-swap.ts";
import { listOf, object, places, ref, some, text } from "./fields.ts";
import { defineStep } from "./step.ts";

/** The database as it was before, under the name `old`. */
const database = object({
	dump: some<ServerDump>(),
	old: text,
	/** What else belongs to it, as the step that put it aside knows, or just that. */
	swapped: v.exactOptional(ref<"database-swap">()),
	rest: v.exactOptional(v.unknown()),
});
export type KeptDatabase = v.InferOutput<typeof database>;

export const keep = defineStep({
	kind: "keep",
	params: {
		state: text,
		places,
		databases: listOf(database),
		/** How long. */
		seconds: v.number(),
	},
	id: (state: string) => `keep:${state}`,
	isAfterthought: true,
	work: async () => ({
		async run({ state, places, databases, seconds }, { plan, keep, handedBy }) {
			const until = new Date(Date.now() + seconds * 1000).toISOString();
			const kept = databases.map(({ swapped, ...one }) => {
				const { memory } = (swapped && handedBy(databaseSwap, swapped)) ?? {};
				return memory?.aside === undefined ? one : { ...one, rest: memory.aside };
			});
			keep({ run: plan.run, state, until, places, databases: kept });
			return { keptUntil: until, keptIn: [...new Set(places.map(({ area }) => area))] };
		},
	}),
});
