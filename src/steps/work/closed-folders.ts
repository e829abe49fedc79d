// What an engine's enclosure is made of: folders in which no links are followed, and those that are read from snapshots.
import { foldersToClose } from "../../host/closing.ts";
import type { Closed } from "../../host/enclosure.ts";
import { snapshotsOver } from "./snapshot-mounts.ts";
import type { ToStore } from "./states-to-store.ts";

export async function closedFor({ good, found, caught }: ToStore): Promise<(string | Closed)[]> {
	const live = good
		.filter(([name]) => !caught.has(name))
		.flatMap(([, { folders }]) => folders.flatMap((folder) => found.get(folder) ?? []));
	return [
		...(await foldersToClose(live)),
		...snapshotsOver(good.flatMap(([name]) => caught.get(name) ?? [])),
	];
}
