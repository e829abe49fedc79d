// The point of no return, and the tidying after it.
import { discardFolder } from "../../host/private-area.ts";
import type { StepWork } from "../context.ts";
import type { CommitStep, DiscardStep, KeepStep } from "../step.ts";
import type { Swapped } from "./databases.ts";

export const commit: StepWork<CommitStep> = {
	async run() {
		// The journal's own entry is the mark.
	},
};

export const discard: StepWork<DiscardStep> = {
	async run({ areas, forgets }, { forget, point }) {
		for (const area of areas) {
			await discardFolder(area);
			point("removed");
		}
		if (forgets) forget(forgets.run, forgets.state);
	},
};

export const keep: StepWork<KeepStep> = {
	async run({ state, places, databases, seconds }, { plan, keep, noteOf }) {
		const until = new Date(Date.now() + seconds * 1000).toISOString();
		const kept = databases.map(({ swapped, ...one }) => {
			const { memory } = (swapped === undefined ? undefined : (noteOf(swapped) as Swapped | undefined)) ?? {};
			return memory?.aside === undefined ? one : { ...one, rest: memory.aside };
		});
		keep({ run: plan.run, state, until, places, databases: kept });
		return { keptUntil: until, keptIn: [...new Set(places.map(({ area }) => area))] };
	},
};
