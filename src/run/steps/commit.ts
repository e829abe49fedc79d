// The point of no return, and the tidying after it.
import { rm } from "node:fs/promises";
import type { CommitStep, DiscardStep, StepWork } from "../step.ts";

export const commit: StepWork<CommitStep> = {
	async run() {
		// The journal's own entry is the mark.
	},
};

export const discard: StepWork<DiscardStep> = {
	async run({ areas }) {
		for (const area of areas) await rm(area, { recursive: true, force: true });
	},
};
