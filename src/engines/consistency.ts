// How well the parts of a state fit together in an archive.
import type { StateRecord } from "./archive.ts";

/** What each word means, for people; the best first. */
export const CONSISTENCIES = {
	atomic: "its folders were read from snapshots of one instant",
	stopped: "its units were down while it was read",
	dumped: "only databases, each dumped as it was at one moment",
	live: "its folders were read while its units may have written to them",
	fuzzy: "files changed while they were read",
} as const;

/** One of these words, or that of a later version; undefined if the state is not in the archive. */
export function consistencyOf({
	outcome,
	consistency,
	changed = 0,
	folders,
	dumps = [],
}: Pick<StateRecord, "outcome" | "consistency" | "changed" | "folders" | "dumps">): string | undefined {
	if (outcome !== "good") return undefined;
	if (changed > 0) return "fuzzy";
	return consistency ?? (folders.length === 0 && dumps.length > 0 ? "dumped" : "live");
}
