// Archives that this machine made, that no prune of its own removes, and that are gone.
import { ownValue } from "../manifest/record.ts";
import { isAhead, outcomeOf } from "../providers/archive-time.ts";
import type { KnownArchive } from "./journal-rows.ts";

export interface LostArchive {
	readonly id: string;
	readonly name: string;
	/** RFC 3339. */
	readonly created: string;
	/** Those that it was the newest good archive of. */
	readonly states: readonly string[];
}

/**
 * Of each of these states the newest archive that was made in a destination and holds it whole, where that is none of those
 * that are left there. `made` is newest first.
 */
export function lostOf(
	made: readonly KnownArchive[],
	left: readonly string[],
	states: readonly string[],
): LostArchive[] {
	const newest = Map.groupBy(states, (state) =>
		made.find(({ metadata }) => {
			const record = ownValue(metadata.states, state);
			return record && outcomeOf(record) === "good" && !isAhead(Date.parse(metadata.created));
		}),
	);
	return [...newest].flatMap(([archive, of]) =>
		archive === undefined || left.includes(archive.name)
			? []
			: [{ id: archive.id, name: archive.name, created: archive.metadata.created, states: of }],
	);
}

export const wordsOfLost = ({ states }: LostArchive) =>
	`is gone: it was made here, and is the newest good archive of ${states.join(", ")}; Holdfast has not removed it`;
