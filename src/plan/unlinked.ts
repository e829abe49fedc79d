// Where a restore accepts no link from an archive.
import { liveFiles } from "../databases/dump.ts";
import { linkAt, resolvePath } from "../host/trust.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Place } from "../steps/fields.ts";
import type { Unlinked } from "../steps/stage.ts";
import { above } from "../values/paths.ts";
import type { Nested } from "./places.ts";

/**
 * The paths in the archive at which only this machine may have links: a link that root restores into a folder of root's
 * would be followed as root's own from then on (trust.ts). These are the declared folders, including those of other
 * states that are not carried over, and this state's database files.
 */
export function unlinkedPaths(
	{ state }: Manifest,
	name: string,
	places: readonly Place[],
	nested: readonly Nested[],
): Unlinked[] {
	const declared = new Set(Object.values(state).flatMap(({ folders }) => folders));
	const own = state[name];
	const paths = [
		...(own?.folders ?? []),
		...(own?.dumps.flatMap(liveFiles) ?? []),
		...nested.flatMap(({ folder, present, isGone }) => (present || isGone ? [] : [folder])),
	];
	return places.flatMap((place) => {
		const inside = paths.filter((path) => path.startsWith(`${place.folder}/`));
		return [
			...(declared.has(place.folder) ? [{ path: place.stored }] : []),
			...inside.map((path) => unlinkedIn(place, path.slice(place.folder.length))),
		];
	});
}

/** `below`: a path in the place, with a slash before it. */
function unlinkedIn({ stored, live }: Place, below: string): Unlinked {
	const path = stored + below;
	const onTheWay = [below, ...above(below)].filter((one) => one !== "/").reverse();
	for (const at of onTheWay) {
		const target = linkAt(live + at);
		if (target === undefined) continue;
		return isFollowed(live + below) ? { path, known: { at: stored + at, target } } : { path };
	}
	return { path };
}

function isFollowed(path: string): boolean {
	try {
		resolvePath(path);
		return true;
	} catch {
		return false;
	}
}
