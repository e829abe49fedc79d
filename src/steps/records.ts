// What steps have the journal remember beyond their run: old copies that are kept, and archives that were made.
import type { Metadata } from "../engines/archive.ts";
import type { Place } from "./fields.ts";
import type { KeptDatabase } from "./keep.ts";

/** Old copies that a restore has left for a while. */
export interface KeptCopy {
	/** The run that left them. */
	readonly run: string;
	readonly state: string;
	/** RFC 3339. */
	readonly until: string;
	readonly places: readonly Place[];
	readonly databases: readonly KeptDatabase[];
}

/** An archive as it was when it was written. */
export interface MadeArchive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly name: string;
	readonly provider: string;
	readonly destination: string;
	readonly location: string;
	readonly metadata: Metadata;
	/** Bytes of the files in it, when the engine told. */
	readonly bytes?: number;
	/** Where the file system is mounted that its destination is on, where that is known. */
	readonly mount?: string;
	/** SHA-256 of the dumps and accounts in it, in hex, by the path that the archive holds them under. */
	readonly digests: Readonly<Record<string, string>>;
}

/** An archive as it was when it was written; where its destination was then is not kept. */
export type KnownArchive = Omit<MadeArchive, "location" | "mount">;
