// The interface that every engine implements for a destination. It deals with folders and archives, and knows nothing of
// states, hooks, units or machines. test/engines/contract.ts tests every engine against it.

import type { Readable } from "node:stream";
import type { Closed } from "../host/enclosure.ts";
import { HoldfastError } from "../values/error.ts";
import type { Exclusion } from "../values/exclusion.ts";
import type { Archive, Details, Entry, Metadata, Problem } from "./archive.ts";
import type { Records } from "./archive-time.ts";
import type { Into } from "./into.ts";
import type { Unsteady } from "./unsteady.ts";

/** What `create` is asked to store. */
export interface ArchiveRequest {
	/** Letters, digits, "_", "-" and "." only. */
	readonly name: string;
	readonly roots: readonly Root[];
	/** Stored before the roots. If one of them fails, `create` fails and no archive is listed. */
	readonly streams?: readonly StreamRoot[];
	/** `list` returns it unchanged. Keep it small: it is stored where listing is cheap. */
	readonly metadata: Metadata;
	/** Folders that other users can change, including the roots: code that reads there must not follow symlinks. */
	readonly closed?: readonly (string | Closed)[];
	/** Mount point of the file system that held the destination at the last write; undefined if unknown. */
	readonly mount?: string;
	/** Called, with `tellsPassed`, once a folder among the roots has been read to its end, and again if the engine starts over. */
	passed?(root: string): void;
	/** This machine's records of the archives with these names, for engines that delete old archives themselves. */
	records?(names: readonly string[]): Records;
}

/** How many streams may be open at once. Each is a program with a connection to its server. */
export const STREAMS_AHEAD = 4;

/** A file to store whose content a program produces. For destinations with `takesStreams`. */
export interface StreamRoot {
	/** Absolute and normalised, in a private folder that exists. The path itself does not exist. */
	readonly path: string;
	/** Start the program. Called at most once per `create`. */
	open(signal: AbortSignal): Promise<Content>;
}

/** Content that is being produced. `output` is complete only if `whole` resolves: its end alone proves nothing. */
export interface Content {
	readonly output: Readable;
	readonly whole: Promise<void>;
}

/** One folder or file to store. */
export interface Root {
	/** Absolute and normalised; it exists. The archive stores it under this path without the leading "/". */
	readonly path: string;
	/** What to leave out below it. Does not apply to other roots inside it. */
	readonly exclude: readonly Exclusion[];
}

export interface CreateResult {
	/** Bytes of the files stored, before compression; undefined if the engine does not report it. */
	readonly bytes?: number;
	/** Bytes that this archive added to the destination; undefined if the engine does not report it. */
	readonly storedBytes?: number;
	readonly files?: number;
	/** Mount point of the destination's file system, for engines that would write to the empty folder if it were not mounted. */
	readonly mount?: string;
	/** Paths that were not stored completely, including every root without an entry in the archive. Their states are not good. */
	readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
	/** Files that vanished before they were read or changed while they were read; the rest is stored. Never a root itself. */
	readonly unsteady: readonly Unsteady[];
	/** What failed after the archive was complete and synced, such as a hook of the user's: it does not change the archive. */
	readonly afterwards?: unknown;
	/** Older archives that it has removed, where a destination has a limit of its own. */
	readonly removed?: readonly string[];
}

/** Thrown if a destination that may be absent, such as a removable disk, is not there. It is skipped. */
export class DestinationAbsent extends HoldfastError {}

/** Whether an engine gave up waiting for another process that writes to the same repository. */
export const isBusy = (error: unknown): boolean =>
	error instanceof HoldfastError && error.code === "repository-locked";

const NO_ANSWER: ReadonlySet<string> = new Set([
	"connection-failed",
	"host-unreachable",
	"repository-not-found",
	"disk-absent",
	"disk-not-mounted",
	"repository-locked",
]);

/**
 * Whether nothing answered at the location of a destination, so that any other question there would fail too. Other errors
 * may be about one archive, or about the options of one config, such as its passphrase.
 */
export const isSilent = (error: unknown): boolean =>
	error instanceof HoldfastError && NO_ANSWER.has(error.code);

/** Whether `create` found that the disk is not there, which it looks for before it writes anything. */
export const isWithoutDisk = (error: unknown): boolean =>
	error instanceof HoldfastError && (error.code === "disk-absent" || error.code === "disk-not-mounted");

/** What an engine gets for one operation. */
export interface Work {
	/** When it aborts: end the engine, leave nothing incomplete behind, and throw. */
	readonly signal: AbortSignal;
	/** Whether somebody watches the progress. If not, an engine may skip the counting that progress needs. */
	readonly watched: boolean;
	/** Somebody is waiting for the answer: do not retry for long. */
	readonly interactive?: boolean;
	progress(progress: Progress): void;
	log(line: string): void;
	/** Something that a person should know, although the operation has done its work. Logged if absent. */
	warn?(line: string): void;
}

export interface Progress {
	readonly bytes?: number;
	readonly totalBytes?: number;
	/** An estimate, if the engine does not know `totalBytes`. */
	readonly expectedBytes?: number;
	readonly files?: number;
	readonly path?: string;
}

export interface Keys {
	readonly text: string;
	/** Whether the repository holds no copy of its own, so that nothing can be read without this one. */
	readonly isApart: boolean;
}

/** One repository or disk. A method is absent if the engine does not support it. */
export interface Destination {
	readonly name: string;
	/** Its part of an archive's id: see `archiveId`. */
	readonly location: string;
	/** `create` takes `streams`. */
	readonly takesStreams: boolean;
	/** `create` reads the roots in their order, and tells which ones it has read. */
	readonly tellsPassed?: true;
	/** It reads the folders without `closed`, and so never from a snapshot. */
	readonly readsLive?: true;
	/** A full `check` and a restore detect a changed byte. */
	readonly detectsDamage: boolean;
	/** Paths on this machine that are needed to open an archive, in addition to those in the options. */
	readonly needs?: readonly string[];
	/** Throws if a secret that each call needs cannot be read. Touches nothing. Absent for engines without secrets. */
	requireSecrets?(): Promise<void>;
	/**
	 * Store one archive. When it returns, the archive is complete, synced and listed. If it throws or is killed at any
	 * moment, the archive is not listed. Creates the repository if there is none and `mayInit` is true.
	 */
	create(request: ArchiveRequest, mayInit: boolean, work: Work): Promise<CreateResult>;
	/** Remove what a killed `create` of this archive left. Safe to repeat; never touches a complete archive. Absent if nothing is left. */
	discardPartial?(archive: string, work: Work): Promise<void>;
	/** Every archive, oldest first. A damaged archive or a duplicate name is reported as such and does not hide the others. */
	list(work: Work): Promise<Archive[]>;
	/** Replace the metadata of an archive. Absent if the engine's archives carry no `Metadata`. */
	writeMetadata?(archive: string, metadata: Metadata, work: Work): Promise<void>;
	/**
	 * Write these paths (absolute, as stored) of an archive below the folder `into`, each as `into` + path, with owners,
	 * modes, times, links, ACLs and extended attributes. Writes nothing else, whatever the archive holds. Fails if one of
	 * them is damaged or not in the archive. Absent for engines that can write to the original paths only.
	 */
	restore?(archive: string, paths: readonly string[], into: Into, work: Work): Promise<void>;
	/** The same, for engines that can write to the original paths only. */
	restoreInPlace?(archive: string, paths: readonly string[], work: Work): Promise<void>;
	/** Bytes of the files at and below these paths of an archive. */
	sizeOf?(archive: string, paths: readonly string[], work: Work): Promise<number>;
	/** Call `tell` with every entry at and below these paths of an archive. */
	contents?(
		archive: string,
		paths: readonly string[],
		tell: (entry: Entry) => void,
		work: Work,
	): Promise<void>;
	/** How `contents` reports a name that is not UTF-8, if it differs from host/names.ts. */
	toldAs?(name: string): string;
	/** What the engine knows of one archive. */
	details?(archive: string, work: Work): Promise<Details>;
	/**
	 * Check what is stored: that nothing is missing or, with `full`, that every byte is as it was written. Repairs nothing.
	 * Throws if the check cannot run.
	 */
	check?(full: boolean, work: Work): Promise<readonly Problem[]>;
	/** Delete single archives and free their space. An archive that is already gone is not an error; safe to repeat. */
	remove?(archives: readonly string[], work: Work): Promise<void>;
	/** To print on paper and keep elsewhere with the passphrase. Undefined if the repository has no key. */
	keys?(work: Work): Promise<Keys | undefined>;
	/**
	 * Mount an archive read-only at or below the folder `at` until the signal is aborted, then unmount it. Calls `mounted`
	 * with the path of its files as soon as they can be read.
	 */
	mount?(archive: string, at: string, mounted: (where: string) => void, work: Work): Promise<void>;
}

/** What some engines do not support, in words. */
const ABILITIES = {
	restore: "restoring to paths other than the original ones",
	contents: "listing the files of an archive",
	check: "checking archives",
	remove: "removing single archives",
	mount: "mounting archives",
	writeMetadata: "changing the metadata of an archive",
} as const;
type Ability = keyof typeof ABILITIES;

/** A destination whose engine supports these. */
export type Able<A extends Ability> = Destination & Required<Pick<Destination, A>>;

/** Throws a usage error if the engine does not support one of these. */
export function requireAble<A extends Ability>(
	destination: Destination,
	...abilities: readonly A[]
): asserts destination is Able<A> {
	const missing = abilities.find((ability) => destination[ability] === undefined);
	if (missing === undefined) return;
	const isReadable = destination.contents !== undefined;
	throw new HoldfastError(
		"not-supported",
		`the engine of destination "${destination.name}" does not support ${ABILITIES[missing]}`,
		{
			hint:
				missing === "mount" && isReadable
					? "to list its files: holdfast archives browse; to extract one: holdfast archives extract"
					: undefined,
		},
	);
}
