// Report who still uses the data about to be moved: what they write from now on is lost.
import { holdersOf } from "../../host/processes.ts";
import type { HoldersStep } from "../holders.ts";
import type { StepWork } from "../step.ts";
import { unitsStop } from "../units-stop.ts";
import { holderLines } from "./problems.ts";

export const holders: StepWork<HoldersStep> = {
	async run({ places, scope }, { plan, handedBy }) {
		const found = holdersOf(places.map(({ live }) => live));
		if (found.length === 0) return undefined;
		const stopped = unitsStop
			.among(plan.steps)
			.filter((step) => step.scope === scope)
			.flatMap(({ id }) => handedBy(unitsStop, id)?.units ?? [])
			.map(({ unit }) => unit);
		return {
			warnings: [
				...holderLines(found, new Set(stopped)),
				"what they write to a file that they have open is lost with the old copy; what they open by its path from now on is the restored file",
			],
		};
	},
};
