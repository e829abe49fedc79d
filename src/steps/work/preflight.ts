// Before anything is touched, find everything that would fail later, all at once.
import { HoldfastError } from "../../values/error.ts";
import type { PreflightStep } from "../preflight.ts";
import type { StepWork } from "../step.ts";
import { findProblems } from "./problems.ts";

export const preflight: StepWork<PreflightStep> = {
	async run(step, context) {
		const { problems, warnings } = await findProblems(step, context.plan.manifest, context);
		if (problems.length > 0)
			throw new HoldfastError(
				"preflight-failed",
				problems.length === 1 ? (problems[0] ?? "") : `${problems.length} problems prevent the restore`,
				{
					details: problems.length === 1 ? [] : problems,
					hint: "nothing was changed; fix this and try again",
				},
			);
		return warnings.length > 0 ? { warnings } : undefined;
	},
};
