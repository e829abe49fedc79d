// The contract that every backup engine fulfils. A provider knows folders and archives; states, hooks, units
// and machines are not its business.
import type { Readable } from "node:stream";
import { HoldfastError } from "../values/error.ts";
import type { Exclusion } from "../values/patterns.ts";
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

/** A file to store whose content a program makes. Engines that declare `streams` take these. */
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

/** What an archive says of itself. */
export interface Metadata {
	/** Always 1: what has a higher one is told as `newer`. */
	readonly version: number;
	readonly machine: string;
	/** The run that made it. */
	readonly run: string;
	/** RFC 3339. */
	readonly created: string;
	/** The path, inside the archive, of the machine's manifest at that time. */
	readonly manifest: string;
	readonly states: Readonly<Record<string, StateRecord>>;
	/** By state that is not in it: its folders within those of the states that are. */
	readonly without?: Readonly<Record<string, readonly string[]>>;
	/** Who made it; undefined for what older versions wrote. */
	readonly maker?: { readonly holdfast: string; readonly user: string; readonly host: string };
	/** As long as it has one, it is not pruned. */
	readonly hold?: Hold;
}

export interface Hold {
	readonly reason: string;
	/** RFC 3339. */
	readonly since: string;
}

export interface StateRecord {
	/** Only a `good` state may be restored without a question. */
	readonly outcome: "good" | "failed";
	readonly folders: readonly string[];
	/** Where the archive holds a folder that was a symlink: the path it led to. */
	readonly stored?: Readonly<Record<string, string>>;
	/** Its databases: what was dumped, the path of the dump in the archive, and what it takes to make it again. */
	readonly dumps?: readonly {
		readonly dump: object;
		readonly stored: string;
		readonly facts: object;
		/** The path of the accounts that it needs. */
		readonly accounts?: string;
	}[];
	/** Why it is not good. */
	readonly reason?: string;
	/** Why a good one is to be doubted: it is no `latest`, and does not count as the newest good one (expectations.ts). */
	readonly suspicious?: string;
	/** How many files vanished before they were read: they are not in it. */
	readonly vanished?: number;
	/** How many files changed while they were read: they may be in it as they never were. */
	readonly changed?: number;
	/** About how many bytes its folders and dumps held. In the records of the machine that made it; the archive need not say. */
	readonly bytes?: number;
	/** By folder that was not on the root file system: where the one that it was on was mounted. */
	readonly mounts?: Readonly<Record<string, string>>;
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

/** At most one of `metadata`, `newer` and `damaged` is there; none for what something else made. */
export interface Archive {
	readonly name: string;
	/** RFC 3339: as its engine tells, or itself where the engine does not; see archive-time.ts. */
	readonly created?: string;
	readonly metadata?: Metadata;
	/** A newer Holdfast made it, with metadata of this version. It is shown, and kept. */
	readonly newer?: { readonly version: number; readonly machine?: string };
	/** It bears Holdfast's mark, and cannot be used: why. It is shown, and kept. */
	readonly damaged?: string;
	/** This machine's own records have it: `created` is by them. No provider tells this. */
	readonly recorded?: true;
	readonly bytes?: number;
	readonly storedBytes?: number;
}

/** What the engine tells of one archive when it is asked for just that one. */
export interface Details {
	/** Bytes of the files stored, before compression. */
	readonly bytes?: number;
	/** Bytes that go when this archive alone is removed, or that it added: what the engine counts. */
	readonly storedBytes?: number;
	readonly files?: number;
	/** How long it took to write. */
	readonly seconds?: number;
}

/** Something that is not whole in a destination. */
export interface Problem {
	/** The archive that it is in, when the engine tells. */
	readonly archive?: string;
	readonly message: string;
}

/** One entry of an archive, with what tells whether it is the same as another. */
export interface Entry {
	/** Absolute, as stored. */
	readonly path: string;
	/** As in the first letter of `ls -l`: `-`, `d`, `l`, `p`, `c`, `b`, `s`. A further hard link to a file is a `-` too. */
	readonly type: string;
	/** Permission bits, with setuid, setgid and sticky. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Bytes; undefined for a further hard link in an archive, which does not repeat it. */
	readonly size: number | undefined;
	/** Milliseconds since 1970. */
	readonly mtime: number;
	/** Where a symlink leads. */
	readonly link?: string;
}

/** Thrown when a destination is not there and need not be, such as a disk that was taken away: it is skipped. */
export class DestinationAbsent extends HoldfastError {}

/** Whether an engine was kept waiting too long by another that writes to the same place. */
export const isBusy = (error: unknown): boolean =>
	error instanceof HoldfastError && "isBusy" in error && error.isBusy === true;

/** What a provider may do while it works. */
export interface Work {
	/** Aborted when the work is to stop: end the engine, leave nothing half, throw. */
	readonly signal: AbortSignal;
	/** Whether anybody looks at the progress: an engine that must count for it may leave that out. */
	readonly watched: boolean;
	/** Somebody waits for the answer: do not try for long what may pass by itself. */
	readonly hurried?: boolean;
	progress(progress: Progress): void;
	log(line: string): void;
}

export interface Progress {
	readonly bytes?: number;
	readonly totalBytes?: number;
	readonly files?: number;
	readonly path?: string;
}

export interface Capabilities {
	/** `restore` can write below any folder. Without it, it writes to the original paths only. */
	readonly restoresInto: boolean;
	/** `create` takes `streams`. */
	readonly streams: boolean;
	/** Archives carry `Metadata`. */
	readonly describesItself: boolean;
	/** `check` looks whether what is stored is whole. */
	readonly checks: boolean;
	/** A changed byte is found by a full `check`, and by a restore. */
	readonly detectsDamage: boolean;
	/** `remove` deletes single archives. */
	readonly removes: boolean;
	/** `mount` shows an archive as a folder. */
	readonly mounts: boolean;
}

/** One repository or disk. */
export interface Destination {
	readonly name: string;
	/** As it stands in an archive's id: see `archiveId`. */
	readonly location: string;
	readonly capabilities: Capabilities;
	/** Paths on this machine that an archive is opened with, beside those that the options name. */
	readonly needs?: readonly string[];
	/**
	 * Store one archive. When it returns, the archive is whole, synced and listed; when it throws, or is killed at
	 * any moment, it is not listed. Creates the repository when there is none and `fresh` says that it may.
	 */
	create(request: ArchiveRequest, fresh: boolean, work: Work): Promise<CreateResult>;
	/** Correct what an archive says of itself. */
	describe(archive: string, metadata: Metadata, work: Work): Promise<void>;
	/** Every archive, oldest first. One that is damaged, or whose name another has too, is told as such and hides no other. */
	list(work: Work): Promise<Archive[]>;
	/**
	 * Write these paths (absolute, as stored) of an archive below the folder `into`, each as `into` + path, with owners,
	 * modes, times, links, ACLs and extended attributes; nothing else, whatever the archive holds. Fails when one of them
	 * is not in the archive or is damaged. Engines that do not restore `into` write to the original paths.
	 */
	restore(archive: string, paths: readonly string[], into: Into, work: Work): Promise<void>;
	/** The same for engines that write to the original paths only. */
	restoreInPlace?(archive: string, paths: readonly string[], work: Work): Promise<void>;
	/** Bytes of the files at and below these paths of an archive, or undefined when the engine cannot tell. */
	sizeOf(archive: string, paths: readonly string[], work: Work): Promise<number | undefined>;
	/** Tell every entry at and below these paths of an archive. Fails for an engine that does not describe itself. */
	contents(
		archive: string,
		paths: readonly string[],
		tell: (entry: Entry) => void,
		work: Work,
	): Promise<void>;
	/** How `contents` tells names that are not UTF-8, where that is not as host/names.ts has them. */
	toldAs?(name: string): string;
	/** What the engine knows of one archive. */
	details(archive: string, work: Work): Promise<Details>;
	/**
	 * Look whether what is stored is whole: that everything is there, or with `full` that every byte is as it was
	 * written. Repairs nothing. Throws when it cannot be looked at.
	 */
	check(full: boolean, work: Work): Promise<readonly Problem[]>;
	/** Delete archives and give their room back. One that is gone already is no fault; safe to repeat. */
	remove(archives: readonly string[], work: Work): Promise<void>;
	/**
	 * What must be kept elsewhere, beside the passphrase, for the day that the repository's own copy of its key is lost:
	 * text to print on paper. Undefined when there is nothing like that.
	 */
	keys(work: Work): Promise<string | undefined>;
	/**
	 * Show an archive below the folder `at`, read-only, until the signal is aborted; nothing is mounted there after.
	 * `mounted` is told where its files are by then: `at`, or below it.
	 */
	mount(archive: string, at: string, mounted: (where: string) => void, work: Work): Promise<void>;
	/** Remove what a `create` of this archive left when it died. Safe to repeat; never touches a whole archive. */
	abandon(archive: string, work: Work): Promise<void>;
}
