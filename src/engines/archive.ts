// An archive as the rest of the program sees it: its own metadata, and what its engine reports.

/** The metadata stored with an archive. */
export interface Metadata {
	/** Always 1: an archive with a higher version is reported as `newer`. */
	readonly version: number;
	readonly machine: string;
	/** The run that made it. */
	readonly run: string;
	/** RFC 3339. */
	readonly created: string;
	/** The path inside the archive of the machine's manifest at that time. */
	readonly manifest: string;
	readonly states: Readonly<Record<string, StateRecord>>;
	/** For each state that is not in the archive: its folders inside those of the states that are. */
	readonly without?: Readonly<Record<string, readonly string[]>>;
	/** What made it; undefined in archives of older versions. */
	readonly maker?: { readonly holdfast: string; readonly user: string; readonly host: string };
	/** While it is set, the archive is not pruned. */
	readonly hold?: Hold;
}

export interface Hold {
	readonly reason: string;
	/** RFC 3339. */
	readonly since: string;
}

export interface StateRecord {
	/** Only a `good` state may be restored without asking. */
	readonly outcome: "good" | "failed";
	readonly folders: readonly string[];
	/** For each folder that was a symlink: the path of its target, under which the archive stores it. */
	readonly stored?: Readonly<Record<string, string>>;
	/** Its databases: what was dumped, the path of the dump in the archive, and the facts needed to create it again. */
	readonly dumps?: readonly {
		readonly dump: object;
		readonly stored: string;
		readonly facts: object;
		/** The path in the archive of the accounts that it needs. */
		readonly accounts?: string;
	}[];
	/** Why the outcome is not good. */
	readonly reason?: string;
	/** Why a good outcome is in doubt: it is not `latest` and does not count as the newest good one (expectations.ts). */
	readonly suspicious?: string;
	/**
	 * How it was read, whatever became of it meanwhile: a word of values/consistency.ts. Earlier versions recorded
	 * only `atomic` and `stopped`, and a later one may know more.
	 */
	readonly consistency?: string;
	/** How many files vanished before they were read. They are not in the archive. */
	readonly vanished?: number;
	/** How many files changed while they were read. The archive may hold an inconsistent copy. */
	readonly changed?: number;
	/** Approximate bytes of its folders and dumps. Set in the records of the machine that made it, not always in the archive. */
	readonly bytes?: number;
	/** For each folder that was not on the root file system: the mount point of its file system. */
	readonly mounts?: Readonly<Record<string, string>>;
}

/** At most one of `metadata`, `newer` and `damaged` is set; none if Holdfast did not make the archive. */
export interface Archive {
	readonly name: string;
	/** RFC 3339: from the engine or, if it reports none, from the metadata; see archive-time.ts. */
	readonly created?: string;
	readonly metadata?: Metadata;
	/** A newer Holdfast made it, with metadata of this version. It is listed and never pruned. */
	readonly newer?: { readonly version: number; readonly machine?: string };
	/** Why it cannot be used although it bears Holdfast's mark. It is listed and never pruned. */
	readonly damaged?: string;
	/** This machine has a record of it, and `created` is from that record. Engines never set this. */
	readonly recorded?: true;
	readonly bytes?: number;
	readonly storedBytes?: number;
}

/** What the engine reports about a single archive. */
export interface Details {
	/** Bytes of the files stored, before compression. */
	readonly bytes?: number;
	/** Bytes that removing only this archive would free, or that it added, depending on the engine. */
	readonly storedBytes?: number;
	readonly files?: number;
	/** How long creating it took. */
	readonly seconds?: number;
}

/** Damage found in a destination. */
export interface Problem {
	/** The affected archive, if the engine names it. */
	readonly archive?: string;
	readonly message: string;
}

/** One entry of an archive, with the attributes that comparisons use. */
export interface Entry {
	/** Absolute, as stored. */
	readonly path: string;
	/** The first letter of `ls -l`: `-`, `d`, `l`, `p`, `c`, `b`, `s`. A further hard link to a file is a `-` too. */
	readonly type: string;
	/** Permission bits, with setuid, setgid and sticky. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Bytes; undefined for a further hard link, for which archives do not repeat the size. */
	readonly size: number | undefined;
	/** Milliseconds since 1970. */
	readonly mtime: number;
	/** The target of a symlink. */
	readonly link?: string;
}
