// The contract of a kind of snapshot: a file system's own copy of one instant, from which an engine reads. A kind knows nothing of
// states, runs or engines.
import { type Folder, statsAt } from "../host/folder.ts";
import type { Program } from "../host/programs.ts";

export interface SnapshotKind {
	/** In plans and archives, so it must not change. */
	readonly type: string;
	/** The types of file systems, as in /proc/self/mountinfo. */
	readonly fileSystems: readonly string[];
	/** In messages. */
	readonly label: string;
	readonly program: Program;
	/** The root of the volume that contains this path, which has no links on the way; undefined if that is of another kind. */
	volumeOf(path: string): string | undefined;
	/**
	 * The paths of the volumes directly within this one and in its folder `within`, which its snapshot does not hold. `quickly`: units
	 * stand still meanwhile, so it must take no longer for more files, and throws instead.
	 */
	nestedIn(
		volume: string,
		signal: AbortSignal,
		how: { readonly within: string; readonly quickly: boolean },
	): Promise<string[]>;
	/** Throws if it would take too long or too much room. Called for the plan. */
	requireRoom?(volume: string, fileSystem: string, signal: AbortSignal): Promise<void>;
	/** Catch the volume as it is now, as an entry of this name in a private folder on the same file system. */
	take(volume: string, area: Folder, name: string, on: Taking): Promise<void>;
	/** Safe to repeat. */
	remove(area: Folder, name: string): Promise<void>;
}

export interface Taking {
	/** For a copy it also ends when the time for all copies of the run is up. */
	readonly signal: AbortSignal;
	/** The type of the file system. */
	readonly fileSystem: string;
}

/** The type of the kind that copies folders file by file: of one instant only if nothing is written meanwhile. */
export const COPY = "copy";

/**
 * Tells volumes apart while they are mounted: what has the same key is caught together. Throws if the way to the volume has become a
 * link.
 */
export const keyOf = ({ type }: Pick<SnapshotKind, "type">, volume: string): string => {
	const { dev, ino } = statsAt(volume);
	return type === COPY ? `${dev}:${ino}` : `${dev}`;
};
