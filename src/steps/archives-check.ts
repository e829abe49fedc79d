// Check that the archives in a destination are intact; fails if they are not.
import * as v from "valibot";
import { text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	provider: text,
	destination: text,
	/** Read every byte. */
	full: v.boolean(),
};
export type ArchivesCheckStep = StepOf<"archives-check", typeof params>;

export const archivesCheck = defineStep({
	kind: "archives-check",
	params,
	id: (provider: string, destination: string) => `check:${provider}/${destination}`,
	work: async () => (await import("./work/archives-check.ts")).archivesCheck,
});
