// What an engine's enclosure is made of: folders in which no links are followed, and those that are read from snapshots.
import { foldersToClose } from "../../host/closing.ts";
import type { Closed } from "../../host/enclosure.ts";
import { closing, openFolder } from "../../host/folder.ts";
import { isAtOrBelow, movedTo } from "../../host/mounts.ts";
import type { Caught, ToStore } from "./states-to-store.ts";

export async function closedFor({ good, found, caught }: ToStore): Promise<(string | Closed)[]> {
	const live = good
		.filter(([name]) => !caught.has(name))
		.flatMap(([, { folders }]) => folders.flatMap((folder) => found.get(folder) ?? []));
	return [...(await foldersToClose(live)), ...inPlace(good.flatMap(([name]) => caught.get(name) ?? []))];
}

/**
 * In the order in which they can be mounted. A snapshot may lie where another one is to be put over, so volumes within a folder
 * come first, the innermost before all: into the snapshot around them, which carries them to its own place.
 */
function inPlace(all: readonly Caught[]): Caught[] {
	const parts = all.map((one) => {
		const around = all
			.filter(({ at }) => at !== one.at && isAtOrBelow(one.at, at))
			.reduce<Caught | undefined>(
				(inner, other) => (inner !== undefined && inner.at.length > other.at.length ? inner : other),
				undefined,
			);
		return { ...one, around };
	});
	const nested = parts
		.filter(({ around }) => around !== undefined)
		.sort((a, b) => b.at.length - a.at.length)
		.map(({ folder, at, around = { folder, at } }) => {
			const into = movedTo(at, around.at, around.folder);
			// A link cannot come to be in a snapshot, but it may have been in the folder.
			closing(openFolder(into), () => {});
			return { folder, at: into };
		});
	const roots = parts.filter(({ around }) => around === undefined).map(({ folder, at }) => ({ folder, at }));
	const isHidden = ({ folder, at }: Caught) =>
		roots.some((other) => other.at !== at && isAtOrBelow(folder, other.at));
	return [...nested, ...roots.filter(isHidden), ...roots.filter((root) => !isHidden(root))];
}
