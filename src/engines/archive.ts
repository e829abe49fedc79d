// What an archive is, to everything but its engine: what it says of itself, and what its engine tells of it.

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
