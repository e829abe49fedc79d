// Delete archives that no retention rule keeps. Decided when it runs; deletes only archives that were confirmed.
import * as v from "valibot";
import type { Retention } from "../engines/retention-rules.ts";
import { some, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	provider: text,
	destination: text,
	retention: some<Retention>(),
	/** Names; absent if the destination could not be listed beforehand: nothing is deleted then, and the step fails. */
	agreed: v.exactOptional(texts),
};
export type ArchivesPruneStep = StepOf<"archives-prune", typeof params>;

export const archivesPrune = defineStep({
	kind: "archives-prune",
	params,
	id: (provider: string, destination: string) => `prune:${provider}/${destination}`,
	work: async () => (await import("./work/archives-prune.ts")).archivesPrune,
});
