// Before anything is touched: all that would fail later, found at once.

import { holdersOf } from "../../host/processes.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork } from "../context.ts";
import type { HoldersStep, PreflightStep } from "../step.ts";
import { findProblems, holderLines } from "./problems.ts";
import { stopNote } from "./unit-notes.ts";

export const preflight: StepWork<PreflightStep> = {
	async run(step, context) {
		const { problems, warnings } = await findProblems(step, context.plan.manifest, context);
		if (problems.length > 0)
			throw new HoldfastError(
				"preflight-failed",
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
	async run({ places, scope }, { plan, noteOf }) {
		const found = holdersOf(places.map(({ live }) => live));
		if (found.length === 0) return undefined;
		const stopped = plan.steps
			.filter((step) => step.kind === "units-stop" && step.scope === scope)
			.flatMap(({ id }) => stopNote(noteOf(id))?.units ?? [])
			.map(({ unit }) => unit);
		return {
			warnings: [
				...holderLines(found, new Set(stopped)),
				"what they write to a file that they have open is lost with the old copy; what they open by its path from now on is the restored file",
			],
		};
	},
};
