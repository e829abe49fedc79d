// How well the parts of a state fit together in an archive.
/** What each word means, for people; the best first. */
export const CONSISTENCIES = {
	atomic: "its folders were read from snapshots of one instant",
	stopped: "its units were down while it was read",
	dumped: "only databases, each dumped as it was at one moment",
	spread:
		"its folders were read from snapshots of several volumes, taken one after the other while its units may have written",
	live: "its folders were read while its units may have written to them",
	fuzzy: "files changed while they were read",
} as const;

export type Consistency = keyof typeof CONSISTENCIES;
/** What a config can promise: an archive as consistent as this, or better. */
export const PROMISES = Object.keys(CONSISTENCIES).filter((word) => word !== "fuzzy") as Consistency[];

/** Whether a word is that of a lesser archive than promised. One of a later version is not known to be. */
export function isLess(word: string, promise: Consistency): boolean {
	const ranks = Object.keys(CONSISTENCIES);
	return ranks.indexOf(word) > ranks.indexOf(promise);
}

/** The word for a state that was read without a change; `snapshots`: of how many volumes; `copied`: some of them are
 * copies, made file by file; `still`: its units did not run meanwhile. */
export function wordFor({
	folders,
	snapshots = 0,
	copied = false,
	still = false,
}: {
	readonly folders: readonly string[];
	readonly snapshots?: number;
	readonly copied?: boolean;
	readonly still?: boolean | undefined;
}): Consistency {
	if (snapshots > 0 && !copied) return snapshots === 1 || still ? "atomic" : "spread";
	if (still) return "stopped";
	return folders.length === 0 ? "dumped" : "live";
}

/** One of these words, or that of a later version; undefined if the state is not in the archive. */
export function consistencyOf({
	outcome,
	consistency,
	changed = 0,
	folders,
}: {
	readonly outcome: "good" | "failed";
	readonly consistency?: string;
	readonly changed?: number;
	readonly folders: readonly string[];
}): string | undefined {
	if (outcome !== "good") return undefined;
	return changed > 0 ? "fuzzy" : (consistency ?? wordFor({ folders }));
}
