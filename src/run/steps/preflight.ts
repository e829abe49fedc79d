// Before anything is touched: all that would fail later, found at once.

import { holdersOf } from "../../host/processes.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { findProblems, holderLines } from "../preflight.ts";
import type { HoldersStep, PreflightStep } from "../step.ts";
import type { StepWork } from "../work.ts";

export const preflight: StepWork<PreflightStep> = {
	async run(step, context) {
		const { problems, warnings } = await findProblems(step, context.plan.manifest, context);
		if (problems.length > 0)
			throw new HoldfastError(
				"failed",
				problems.length === 1 ? (problems[0] ?? "") : `${problems.length} things stand in the way`,
				{
					details: problems.length === 1 ? [] : problems,
					hint: "nothing was touched; fix this and try again",
				},
			);
		return warnings.length > 0 ? { warnings } : undefined;
	},
};

export const holders: StepWork<HoldersStep> = {
	async run({ places }) {
		const found = holdersOf(places.map(({ live }) => live));
		if (found.length === 0) return undefined;
		return {
			warnings: [
				...holderLines(found),
				"what they write to a file that they have open is lost with the old copy; what they open by its path from now on is the restored file",
			],
		};
	},
};
