// What steps have the journal remember beyond their run: old copies that are kept, and archives that were made.

import * as v from "valibot";
import type { ServerDump } from "../databases/dump.ts";
import type { Metadata } from "../engines/archive.ts";
import { object, type Place, ref, some, text } from "./fields.ts";

/** The database as it was before, under the name `old`. */
export const keptDatabase = object({
	dump: some<ServerDump>(),
	old: text,
	/** What else belongs to it, as the step that put it aside knows, or just that. */
	swapped: v.exactOptional(ref<"database-swap">()),
	rest: v.exactOptional(v.unknown()),
});
export type KeptDatabase = v.InferOutput<typeof keptDatabase>;

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
