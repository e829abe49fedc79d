// The contract of a kind of snapshot: a file system's own copy of one instant, from which an engine reads. A kind knows nothing of
// states, runs or engines.
import { fstatSync } from "node:fs";
import { closing, type Folder, openFolder } from "../host/folder.ts";
import type { Program } from "../host/programs.ts";

export interface SnapshotKind {
	/** In plans and archives, so it must not change. */
	readonly type: string;
	/** The type of file system, as in /proc/self/mountinfo. */
	readonly fileSystem: string;
	/** In messages. */
	readonly label: string;
	readonly program: Program;
	/** The root of the volume that contains this path, which has no links on the way; undefined if that is of another kind. */
	volumeOf(path: string): string | undefined;
	/**
	 * The paths of the volumes directly within this one, which its snapshot does not hold. `quickly`: units stand still meanwhile, so it
	 * must take no longer for more files, and throws instead.
	 */
	nestedIn(volume: string, signal: AbortSignal, how: { readonly quickly: boolean }): Promise<string[]>;
	/** Catch the volume as it is now, read-only and synced, as an entry of this name in a private folder on the same file system. */
	take(volume: string, area: Folder, name: string, signal: AbortSignal): Promise<void>;
	/** Safe to repeat. */
	remove(area: Folder, name: string): Promise<void>;
}

/** The number that tells volumes apart while they are mounted. Throws if the way to the volume has become a link. */
export const deviceOf = (volume: string): number =>
	closing(openFolder(volume), ({ fd }) => fstatSync(fd).dev);
