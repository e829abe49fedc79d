// The kinds of snapshots. A new kind is a file in this folder and a line here.
import { btrfs } from "./btrfs.ts";
import { copy } from "./copy.ts";
import type { SnapshotKind } from "./snapshot.ts";

/** The better ones first. */
export const SNAPSHOTS: readonly SnapshotKind[] = [btrfs, copy];

export function snapshotKind(type: string): SnapshotKind {
	const found = SNAPSHOTS.find((one) => one.type === type);
	if (found === undefined) throw new Error(`there is no kind of snapshot ${type}`);
	return found;
}
