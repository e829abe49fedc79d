// In which order restores can be undone.
import { covers } from "../databases/dump.ts";
import type { Journal } from "../run/journal.ts";
import type { KeptCopy } from "../steps/records.ts";
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import { isWithin } from "../values/paths.ts";

/**
 * A later restore has put aside what this one brought: that must be undone first, or the live data would be lost. `all`: in
 * the order in which they were kept.
 */
export function requireLast(all: ReturnType<Journal["kept"]>, kept: readonly KeptCopy[]): void {
	for (const copy of kept) {
		const later = all.slice(all.findIndex(({ run, state }) => run === copy.run && state === copy.state) + 1);
		const over = later.find(
			(other) =>
				other.run !== copy.run &&
				// What cannot be read may lie over it.
				("fault" in other ? other.state === copy.state : replacesSome(other, copy)),
		);
		if (over === undefined) continue;
		throw new HoldfastError(
			"undo-impossible",
			`run ${over.run} replaced ${over.state} after that, and its old copy is kept until ${localTime(over.until)}`,
			{ subject: over.run, hint: `undo that run first: holdfast undo ${over.run}; nothing was changed` },
		);
	}
}

/** Whether both have replaced the same folder, a part of one, or the same database of a server. */
function replacesSome(one: KeptCopy, other: KeptCopy): boolean {
	return (
		one.places.some(({ live }) => other.places.some((place) => overlap(place.live, live))) ||
		one.databases.some(({ dump }) => other.databases.some((database) => covers(database.dump, dump)))
	);
}

const overlap = (one: string, other: string) => isWithin(one, other) || isWithin(other, one);
