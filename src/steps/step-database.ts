// Steps that dump a database, make one of a dump, and put it in the place of the live one.
import type { DumpFacts } from "../databases/database.ts";
import type { Dump, FileDump, ServerDump } from "../databases/dump.ts";
import type { StepBase } from "./step.ts";

/** Look at a database, or at all that a server has, and write its dump to a private file. */
export interface DumpStep extends StepBase {
	readonly kind: "dump";
	readonly dump: Dump;
	/** In a private folder of the state's own. Of all databases of a server each has a file beside this. */
	readonly file: string;
	/** The dump goes into the engine as it is made, without a file. */
	readonly streamed?: boolean;
}
/** What this machine knows of a dump since it wrote it, and whether a person has said that the archive may be trusted. */
export interface Known {
	/** SHA-256 in hex, of the dump and of its accounts, as this machine wrote them to any destination. */
	readonly dump: readonly string[];
	readonly accounts: readonly string[];
	/** As they were then. */
	readonly facts: DumpFacts;
	/** It was written to just this destination: when it is another now, somebody changed it. */
	readonly here: boolean;
}
interface Trusting {
	/** Undefined for an archive that this machine does not know. */
	readonly known?: Known;
	readonly agreed?: boolean;
}
/** Make the accounts of a server that a dump needs and that are missing. */
export interface AccountsStep extends StepBase, Trusting {
	readonly kind: "accounts";
	readonly dump: ServerDump;
	readonly file: string;
	readonly facts: DumpFacts;
}
/** Make a database of a dump, beside the live one. */
export interface LoadStep extends StepBase, Trusting {
	readonly kind: "load";
	readonly dump: ServerDump;
	readonly file: string;
	/** The file with its accounts. */
	readonly accounts?: string;
	readonly facts: DumpFacts;
	readonly as: string;
}
/** Make a database's file of a dump, in a folder that was extracted. */
export interface EmbedStep extends StepBase {
	readonly kind: "embed";
	readonly dump: FileDump;
	readonly file: string;
	readonly facts: DumpFacts;
	/** The folder that was extracted, and the file's path in it, no part of which is followed as a link. */
	readonly folder: string;
	readonly to: string;
}
/** The live database becomes `old`, and `fresh` the live one. */
export interface DatabaseSwapStep extends StepBase {
	readonly kind: "database-swap";
	readonly dump: ServerDump;
	readonly fresh: string;
	readonly old: string;
	/** The step that loaded the fresh one and tells what else belongs to it, or just that. */
	readonly loaded?: string;
	readonly rest?: unknown;
}
export interface DatabaseDropStep extends StepBase {
	readonly kind: "database-drop";
	readonly dump: ServerDump;
	readonly name: string;
}
/** The database as it was before, under the name `old`. */
export interface KeptDatabase {
	readonly dump: ServerDump;
	readonly old: string;
	/** What else belongs to it, as the step that put it aside knows, or just that. */
	readonly swapped?: string;
	readonly rest?: unknown;
}
