// Look for everything that would make the run fail later, before anything is touched.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { Dump } from "../databases/dump.ts";
import { archiveSource, byName, listOf, object, places, some, text, texts, units } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	...archiveSource,
	archiveId: text,
	places,
	units,
	/**
	 * `stored`: the path of the dump in the archive. `into`: it becomes a new database of this name. `remark`: what the user should
	 * know of how it was made.
	 */
	dumps: listOf(
		object({
			...{ dump: some<Dump>(), facts: some<DumpFacts>(), stored: text },
			into: v.exactOptional(text),
			remark: v.exactOptional(text),
		}),
	),
	/** Databases that the archive holds and the config does not declare, as text. */
	undeclared: v.exactOptional(texts),
	/** The folder that dumps are extracted to. */
	spool: text,
	/**
	 * Folders within the replaced data that belonged to a state when the archive was made, but belong to none in the
	 * config. `isStored`: the archive holds the folder as its owner's.
	 */
	others: v.exactOptional(
		listOf(object({ owner: text, folder: text, isStored: v.exactOptional(v.boolean()) })),
	),
	/** Folders that are carried over from the old copy. */
	carried: v.exactOptional(texts),
	/** Folders that were on separate file systems when they were stored, each with its mount point. */
	mounts: v.exactOptional(byName(text)),
	/** Private folders of earlier runs within the replaced data. */
	areas: v.exactOptional(texts),
	/** Two copies will be on disk at the same time. */
	twoCopies: v.boolean(),
	/** A preRestore hook runs before anything is moved: processes that use the data may end by then. */
	hooked: v.exactOptional(v.boolean()),
	/** As whom hooks and health checks will run. `of`: which, in words. `when`: before all others, when the units are up, or between. */
	users: v.exactOptional(
		listOf(object({ user: text, of: text, when: v.picklist(["first", "between", "up"]) })),
	),
};
export type PreflightStep = StepOf<"preflight", typeof params>;

export const preflight = defineStep({
	kind: "preflight",
	params,
	id: (state: string) => `preflight:${state}`,
	onlyReads: true,
	work: async () => (await import("./work/preflight.ts")).preflight,
});
