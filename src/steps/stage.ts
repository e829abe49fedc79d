// Extract into the private folder while the service is running.
import * as v from "valibot";
import { archiveSource, byName, listOf, object, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** Paths in the archive which must neither be links nor lie behind one, except for the link that is on the way here. */
export const unlinked = v.exactOptional(
	listOf(object({ path: text, known: v.exactOptional(object({ at: text, target: text })) })),
);
export type Unlinked = NonNullable<v.InferOutput<typeof unlinked>>[number];

const params = {
	...archiveSource,
	area: text,
	/** Without a live path, the data exist nowhere else yet. */
	places: listOf(object({ stored: text, staged: text, live: v.exactOptional(text) })),
	/** Also restore device nodes, setuid files and file capabilities. */
	specialFiles: v.exactOptional(v.boolean()),
	unlinked,
	/** Each of them must be a regular file: they are read, not put in place. */
	filesOnly: v.exactOptional(v.boolean()),
};
export type StageStep = StepOf<"stage", typeof params>;

const note = object({ began: v.literal(true) });
const stagedFile = object({
	/** In hex, of what was written into it. */
	sha256: text,
	/** Nobody has touched it since if it still has these. */
	inode: v.number(),
	ctimeMs: v.number(),
});
export type StagedFile = v.InferOutput<typeof stagedFile>;

const hands = object({
	/** By staged path: the inode of the data that will be put in the live place. */
	inodes: v.exactOptional(byName(v.number())),
	/** By staged path, for files of which the engine tells. */
	digests: v.exactOptional(byName(stagedFile)),
});
export type Staging = v.InferOutput<typeof note>;
export type Staged = v.InferOutput<typeof hands>;

export const stage = defineStep({
	kind: "stage",
	params,
	id: (state: string, which: number | "dumps") => `stage:${state}:${which}`,
	note,
	hands,
	undoesLast: true,
	work: async () => (await import("./work/stage.ts")).stage,
});
