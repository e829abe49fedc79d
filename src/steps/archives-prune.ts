// Delete archives that no rule keeps. Decided again when it runs; of those only, if some were agreed on.
import * as v from "valibot";
import type { Retention } from "../engines/retention-rules.ts";
import { some, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	provider: text,
	destination: text,
	retention: some<Retention>(),
	/** Names; absent when the destination could not be asked before. */
	agreed: v.exactOptional(texts),
};
export type ArchivesPruneStep = StepOf<"archives-prune", typeof params>;

export const archivesPrune = defineStep({
	kind: "archives-prune",
	params,
	id: (provider: string, destination: string) => `prune:${provider}/${destination}`,
	work: async () => (await import("./work/archives-prune.ts")).archivesPrune,
});
