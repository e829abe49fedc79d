// Archives that this machine made, that none of its own prunes removed, and that are missing.

import { isAhead, outcomeOf } from "../../engines/archive-time.ts";
import { notMounted } from "../../engines/disk-mounted.ts";
import { isMounted } from "../../host/mounts.ts";
import { ownValue } from "../../values/record.ts";
import type { KnownArchive } from "../records.ts";

export interface LostArchive {
	readonly id: string;
	readonly name: string;
	/** RFC 3339. */
	readonly created: string;
	/** The states whose newest good archive it was. */
	readonly states: readonly string[];
	/** Where the destination's disk was mounted when the archive was written, if nothing is mounted there now. */
	readonly unmounted?: string;
}

/**
 * For each of these states, the newest complete archive that was made in a destination, if it is not among those that are
 * left there. `mount`: where the destination's disk was mounted at the last write.
 */
export function lostOf(
	made: readonly KnownArchive[],
	left: readonly string[],
	states: readonly string[],
	mount: string | undefined,
): LostArchive[] {
	const timeOf = ({ metadata }: KnownArchive) => Date.parse(metadata.created);
	// Retention uses the same times: it keeps the newest archives by them.
	const newestFirst = made.filter((one) => !isAhead(timeOf(one))).sort((a, b) => timeOf(b) - timeOf(a));
	const newest = Map.groupBy(states, (state) =>
		newestFirst.find(({ metadata }) => {
			const record = ownValue(metadata.states, state);
			return record && outcomeOf(record) === "good";
		}),
	);
	const lost = [...newest].flatMap(([archive, of]) =>
		archive === undefined || left.includes(archive.name)
			? []
			: [{ id: archive.id, name: archive.name, created: archive.metadata.created, states: of }],
	);
	const isUnmounted = lost.length > 0 && mount !== undefined && !isMounted(mount);
	return isUnmounted ? lost.map((one) => ({ ...one, unmounted: mount })) : lost;
}

export const wordsOfLost = ({ states, unmounted }: LostArchive) =>
	unmounted === undefined
		? `is gone: it was created here, is the newest good archive of ${states.join(", ")}, and Holdfast has no record of removing it`
		: `cannot be seen: ${notMounted(unmounted)}`;
