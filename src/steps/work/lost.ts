// Archives that this machine made, that no prune of its own has removed, and that are gone.

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
	/** Those that it was the newest good archive of. */
	readonly states: readonly string[];
	/** Where the disk was mounted that it was written to; nothing is mounted there now. */
	readonly unmounted?: string;
}

/**
 * Of each of these states the newest archive that was made in a destination and holds it whole, where that is none of those
 * that are left there. `mount`: where the destination's disk was when it was last written.
 */
export function lostOf(
	made: readonly KnownArchive[],
	left: readonly string[],
	states: readonly string[],
	mount: string | undefined,
): LostArchive[] {
	const timeOf = ({ metadata }: KnownArchive) => Date.parse(metadata.created);
	// Retention goes by these times as well: what it keeps is the newest by them.
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
		? `is gone: it was made here, is the newest good archive of ${states.join(", ")}, and Holdfast has no record of removing it`
		: `cannot be seen: ${notMounted(unmounted)}`;
