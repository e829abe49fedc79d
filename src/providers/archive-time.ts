// When an archive was made, and the order that follows.
import type { Archive } from "./provider.ts";

/** Milliseconds since 1970; 0 where nobody tells. */
export const timeOf = ({ created, metadata }: Archive): number =>
	Date.parse(metadata?.created ?? created ?? "") || 0;

export function oldestFirst<A extends Archive>(archives: readonly A[]): A[] {
	return archives
		.map((archive) => ({ archive, time: timeOf(archive) }))
		.sort((a, b) => a.time - b.time)
		.map(({ archive }) => archive);
}
