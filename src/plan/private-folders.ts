// Private folders: those of the journal, and those that earlier runs have left: old copies that are kept, and leftovers that
// could not be deleted or were given up.
// A private folder within a state's folder is not part of the state: no backup stores it, and no restore takes it.
import { places } from "../host/places.ts";
import { resolvedOrSame } from "../host/trust.ts";
import type { State } from "../manifest/schema.ts";
import { Journal } from "../run/journal.ts";
import { isForeign } from "../run/plan-shape.ts";
import { area } from "../steps/area.ts";
import { discard } from "../steps/discard.ts";
import type { Place } from "../steps/fields.ts";
import type { Step } from "../steps/plan.ts";
import { snapshot } from "../steps/snapshot.ts";
import { snapshotDrop } from "../steps/snapshot-drop.ts";
import { isThere } from "../steps/work/live.ts";

/** What no backup stores: the journal itself, and everything below. */
export const neverStored = (): string[] => [resolvedOrSame(places().state), ...privateFolders()];

/** The folders of earlier runs, not followed through links. None if the journal cannot be read: no run starts then. */
export function privateFolders(): string[] {
	try {
		using journal = Journal.read(places().state);
		return areasIn(journal);
	} catch {
		return [];
	}
}

function areasIn(journal: Journal): string[] {
	const kept = journal.kept().flatMap((copy) => ("fault" in copy ? [] : copy.places.map(({ area }) => area)));
	const left = journal.leftovers().flatMap(({ work }) => (work ? areasOf(work) : []));
	const unended = [...journal.abandoned(), ...journal.open()]
		.flatMap((plan) => (isForeign(plan) ? [] : plan.steps))
		.flatMap(areasOf);
	return [...new Set([...kept, ...left, ...unended])].filter(isThere);
}

const areasOf = (step: Step): string[] => [
	...discard.among([step]).flatMap(({ areas }) => areas),
	...area.among([step]).map((one) => one.area),
	...snapshot.among([step]).flatMap(({ volumes }) => volumes.map((volume) => volume.area)),
	...snapshotDrop.among([step]).flatMap(({ snapshots }) => snapshots.map((one) => one.area)),
];

/** The folders within a state's folders, as paths below the declared folders. */
export function privateIn({ folders }: State, areas: readonly string[]): string[] {
	if (areas.length === 0) return [];
	return folders.flatMap((folder) => {
		const there = resolvedOrSame(folder);
		return areas
			.filter((area) => area.startsWith(`${there}/`))
			.map((area) => folder + area.slice(there.length));
	});
}

/** The folders that a swap of these places would move along, each with the innermost place; not those that stay at a mount point. */
export function areasMovedAlong(places: readonly Place[], areas: readonly string[]) {
	const innermost = [...places].sort((a, b) => b.live.length - a.live.length);
	return areas.flatMap((area) => {
		const place = innermost.find(({ live }) => area.startsWith(`${live}/`));
		if (place === undefined || place.area === area) return [];
		const nested = area.slice(place.live.length + 1);
		return place.mode === "entries" && !nested.includes("/") ? [] : [{ area, place, nested }];
	});
}
