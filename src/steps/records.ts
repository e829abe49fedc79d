// What steps record in the journal beyond their run: old copies that are kept, and archives that were made.

import * as v from "valibot";
import type { ServerDump, StoreDump } from "../databases/dump.ts";
import type { Metadata } from "../engines/archive.ts";
import { object, type Place, ref, some, text } from "./fields.ts";

/** The previous database, under the name `old`; or the previous content of a store, as the file `old`. */
export const keptDatabase = object({
	dump: some<ServerDump | StoreDump>(),
	old: text,
	/** The step that put the database aside and recorded what else belongs to it; or that record itself. */
	swapped: v.exactOptional(ref<"database-swap">()),
	rest: v.exactOptional(v.unknown()),
	/** There was no such database, so nothing has been put aside. */
	absent: v.exactOptional(v.literal(true)),
});
export type KeptDatabase = v.InferOutput<typeof keptDatabase>;

/** Old copies that a restore keeps for some time. */
export interface KeptCopy {
	/** The run that left them. */
	readonly run: string;
	readonly state: string;
	/** RFC 3339. */
	readonly until: string;
	readonly places: readonly Place[];
	readonly databases: readonly KeptDatabase[];
}

/** An archive, as it was when it was written. */
export interface MadeArchive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly name: string;
	readonly provider: string;
	readonly destination: string;
	readonly location: string;
	readonly metadata: Metadata;
	/** Bytes of the files in it, if the engine reported them. */
	readonly bytes?: number;
	/** The mount point of the destination's file system, if known. */
	readonly mount?: string;
	/** SHA-256 of the dumps and accounts in it, in hex, by their path in the archive. */
	readonly digests: Readonly<Record<string, string>>;
}

/** An archive, as it was when it was written, without its destination's mount point. */
export type KnownArchive = Omit<MadeArchive, "location" | "mount">;
