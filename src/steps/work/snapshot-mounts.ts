// Where snapshots are mounted, and in which order.
import type { Closed } from "../../host/enclosure.ts";
import { isAtOrBelow, movedTo } from "../../host/mounts.ts";
import { above } from "../../values/paths.ts";

/** A folder in a snapshot, and its path outside, which may be a link's target: one of a state's, or a volume in one. */
export interface Caught {
	readonly folder: string;
	readonly at: string;
}

/**
 * In the order in which they can be mounted. A snapshot may lie where another one is to be put over, so volumes within a folder
 * come first, the innermost before all: `into` the snapshot around them, which carries them to its own place.
 */
export function mountsFor(all: readonly Caught[]): (Caught & { readonly into?: string })[] {
	const byPlace = new Map(all.map((one) => [one.at, one]));
	const nested: (Caught & { readonly into: string })[] = [];
	const roots: Caught[] = [];
	for (const one of all) {
		const around = [...above(one.at)].find((path) => path !== one.at && byPlace.has(path));
		const outer = around === undefined ? undefined : byPlace.get(around);
		if (outer === undefined) roots.push(one);
		else nested.push({ ...one, into: movedTo(one.at, outer.at, outer.folder) });
	}
	const isHidden = ({ folder, at }: Caught) =>
		roots.some((other) => other.at !== at && isAtOrBelow(folder, other.at));
	return [
		...nested.sort((a, b) => b.at.length - a.at.length),
		...roots.filter(isHidden),
		...roots.filter((root) => !isHidden(root)),
	];
}

/** Snapshots in the places of the live folders. */
export const snapshotsOver = (caught: readonly Caught[]): Closed[] =>
	mountsFor(caught).map(({ folder, at, into }) => ({ folder, at: into ?? at }));
