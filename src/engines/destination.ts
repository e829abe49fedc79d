// What every engine does with a destination. It knows folders and archives; states, hooks, units and machines are not its
// business. The suite of test/engines/contract.ts holds each engine to it.
import type { Readable } from "node:stream";
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
	/** Stored before the roots. When one of them fails, so does the whole of `create`, and nothing is listed. */
	readonly streams?: readonly StreamRoot[];
	/** Comes back from `list` as it was given. Small: it is kept where listing is cheap. */
	readonly metadata: Metadata;
	/** Folders that others can change, the roots' own among them: whatever reads there must follow no link. */
	readonly closed?: readonly string[];
	/** Where the file system was mounted that the destination was on when it was last written; undefined where nobody knows. */
	readonly mount?: string;
	/** What this machine knows of archives there that have these names, for engines that let old ones go by themselves. */
	records?(names: readonly string[]): Records;
}

/** How many streams may be open at once: each is a program and a connection to its server. */
export const STREAMS_AHEAD = 4;

/** A file to store whose content a program makes. Destinations that say `takesStreams` take these. */
export interface StreamRoot {
	/** Absolute and normalised, in a private folder that is there; nothing is at the path itself. */
	readonly path: string;
	/** Begin to make it. Called at most once a `create`. */
	open(signal: AbortSignal): Promise<Content>;
}

/** Content while it is made. Only once `whole` has settled well was the end of `output` its true end. */
export interface Content {
	readonly output: Readable;
	readonly whole: Promise<void>;
}

/** One folder or file to store. */
export interface Root {
	/** Absolute and normalised; it exists. The archive keeps it under this path without the leading "/". */
	readonly path: string;
	/** What is left out below it, but for other roots that lie in it. */
	readonly exclude: readonly Exclusion[];
}

export interface CreateResult {
	/** Bytes of the files stored, before compression; undefined when the engine does not tell. */
	readonly bytes?: number;
	/** Bytes that this archive added to the destination; undefined when the engine does not tell. */
	readonly storedBytes?: number;
	readonly files?: number;
	/** Where the file system is mounted that the destination is on, where an engine would write beside it without. */
	readonly mount?: string;
	/** Paths that could not be stored whole, every root that the archive has no entry for among them: their states are not good. */
	readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
	/** What vanished before it was read, or changed meanwhile; the rest is stored. Never a root itself. */
	readonly unsteady: readonly Unsteady[];
}

/** Thrown when a destination is not there and need not be, such as a disk that was taken away: it is skipped. */
export class DestinationAbsent extends HoldfastError {}

/** Whether an engine was kept waiting too long by another that writes to the same place. */
export const isBusy = (error: unknown): boolean =>
	error instanceof HoldfastError && error.code === "repository-locked";

/** What an engine may do while it works. */
export interface Work {
	/** Aborted when the work is to stop: end the engine, leave nothing half, throw. */
	readonly signal: AbortSignal;
	/** Whether anybody looks at the progress: an engine that must count for it may leave that out. */
	readonly watched: boolean;
	/** Somebody waits for the answer: do not try for long what may pass by itself. */
	readonly interactive?: boolean;
	progress(progress: Progress): void;
	log(line: string): void;
}

export interface Progress {
	readonly bytes?: number;
	readonly totalBytes?: number;
	readonly files?: number;
	readonly path?: string;
}

/** One repository or disk. A method that is absent is what its engine cannot do. */
export interface Destination {
	readonly name: string;
	/** As it stands in an archive's id: see `archiveId`. */
	readonly location: string;
	/** `create` takes `streams`. */
	readonly takesStreams: boolean;
	/** A changed byte is found by a full `check`, and by a restore. */
	readonly detectsDamage: boolean;
	/** Paths on this machine that an archive is opened with, beside those that the options name. */
	readonly needs?: readonly string[];
	/**
	 * Store one archive. When it returns, the archive is whole, synced and listed; when it throws, or is killed at
	 * any moment, it is not listed. Creates the repository when there is none and `mayInit` says that it may.
	 */
	create(request: ArchiveRequest, mayInit: boolean, work: Work): Promise<CreateResult>;
	/** Remove what a `create` of this archive left when it died. Safe to repeat; never touches a whole archive. Absent where nothing is left. */
	discardPartial?(archive: string, work: Work): Promise<void>;
	/** Every archive, oldest first. One that is damaged, or whose name another has too, is told as such and hides no other. */
	list(work: Work): Promise<Archive[]>;
	/** Correct what an archive says of itself. Absent where archives carry no `Metadata`. */
	writeMetadata?(archive: string, metadata: Metadata, work: Work): Promise<void>;
	/**
	 * Write these paths (absolute, as stored) of an archive below the folder `into`, each as `into` + path, with owners,
	 * modes, times, links, ACLs and extended attributes; nothing else, whatever the archive holds. Fails when one of them
	 * is not in the archive or is damaged. Absent for engines that write to the original paths only.
	 */
	restore?(archive: string, paths: readonly string[], into: Into, work: Work): Promise<void>;
	/** The same for engines that write to the original paths only. */
	restoreInPlace?(archive: string, paths: readonly string[], work: Work): Promise<void>;
	/** Bytes of the files at and below these paths of an archive. */
	sizeOf?(archive: string, paths: readonly string[], work: Work): Promise<number>;
	/** Tell every entry at and below these paths of an archive. */
	contents?(
		archive: string,
		paths: readonly string[],
		tell: (entry: Entry) => void,
		work: Work,
	): Promise<void>;
	/** How `contents` tells names that are not UTF-8, where that is not as host/names.ts has them. */
	toldAs?(name: string): string;
	/** What the engine knows of one archive. */
	details?(archive: string, work: Work): Promise<Details>;
	/**
	 * Look whether what is stored is whole: that everything is there, or with `full` that every byte is as it was
	 * written. Repairs nothing. Throws when it cannot be looked at.
	 */
	check?(full: boolean, work: Work): Promise<readonly Problem[]>;
	/** Delete single archives and give their room back. One that is gone already is no fault; safe to repeat. */
	remove?(archives: readonly string[], work: Work): Promise<void>;
	/**
	 * What must be kept elsewhere, beside the passphrase, for the day that the repository's own copy of its key is lost:
	 * text to print on paper. Undefined when there is nothing like that.
	 */
	keys?(work: Work): Promise<string | undefined>;
	/**
	 * Show an archive below the folder `at`, read-only, until the signal is aborted; nothing is mounted there after.
	 * `mounted` is told where its files are by then: `at`, or below it.
	 */
	mount?(archive: string, at: string, mounted: (where: string) => void, work: Work): Promise<void>;
}

/** What not every engine can do, in words. */
const ABILITIES = {
	restore: "restore anywhere but to the original paths",
	contents: "show what is in an archive",
	check: "check archives",
	remove: "remove single archives",
	mount: "mount an archive",
	writeMetadata: "correct what an archive says of itself",
} as const;
type Ability = keyof typeof ABILITIES;

/** A destination whose engine can do these. */
export type Able<A extends Ability> = Destination & Required<Pick<Destination, A>>;

/** A usage error where its engine cannot do one of these. */
export function requireAble<A extends Ability>(
	destination: Destination,
	...abilities: readonly A[]
): asserts destination is Able<A> {
	const missing = abilities.find((ability) => destination[ability] === undefined);
	if (missing === undefined) return;
	const isReadable = destination.contents !== undefined;
	throw new HoldfastError(
		"not-supported",
		`the engine of "${destination.name}" cannot ${ABILITIES[missing]}`,
		{
			hint:
				missing === "mount" && isReadable
					? "see what is in it with: holdfast archives browse, and take out a file with: archives extract"
					: undefined,
		},
	);
}
