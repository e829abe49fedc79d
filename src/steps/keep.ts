// Keep the old copies for some time; `holdfast undo` brings them back.
import * as v from "valibot";
import { databaseSwap } from "./database-swap.ts";
import { listOf, places, text } from "./fields.ts";
import { keptDatabase } from "./records.ts";
import { defineStep } from "./step.ts";

export const keep = defineStep({
	kind: "keep",
	params: {
		state: text,
		places,
		databases: listOf(keptDatabase),
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
				return {
					...one,
					...(memory?.aside === undefined ? {} : { rest: memory.aside }),
					...(memory?.hadLive === false ? { absent: true as const } : {}),
				};
			});
			keep({ run: plan.run, state, until, places, databases: kept });
			return { keptUntil: until, keptIn: [...new Set(places.map(({ area }) => area))] };
		},
	}),
});
