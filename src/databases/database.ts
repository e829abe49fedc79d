// The contract that every kind of database fulfils. A database knows nothing of states, archives or units.
import type { Readable } from "node:stream";
import type { Folder } from "../host/folder.ts";

/** What must be known to bring a database back as it was when it was dumped. Plain data, kept in archives; no secrets. */
export interface DumpFacts {
	/** The server's major version. */
	readonly version: number;
	readonly [fact: string]: unknown;
}

/** A dump while it is made. */
export interface DumpStream {
	readonly output: Readable;
	/**
	 * Settles when the program behind it has ended well and the dump is whole; rejects otherwise. A dump that was cut
	 * short still looks like one: whoever reads it must not take its end for good before this.
	 */
	readonly whole: Promise<void>;
}

/** An account of the server that a database needs, and the statements that make it. They may hold a password's hash. */
export interface DatabaseAccount {
	readonly name: string;
	readonly statements: readonly string[];
}

/** Rows by table, or undefined where there is nothing like a table. */
export type RowCounts = ReadonlyMap<string, number>;

export interface Work {
	readonly signal: AbortSignal;
	log(line: string): void;
}

/** Called between any two things that a crash could part, with a name for the moment. */
export type Point = (moment: string) => void;

interface Source {
	/** Facts of the live database. Throws, in words, when the server does not answer or there is no such database. */
	facts(): Promise<DumpFacts>;
	/**
	 * Begin a consistent dump of the live database. `scratch` is a path beside which a kind that cannot stream may write;
	 * it leaves nothing there once `whole` has settled.
	 */
	dump(scratch: string, work: Work): Promise<DumpStream>;
	/** What would keep a dump with these facts from being brought back here, in words; throws as `facts` does. */
	obstacles(facts: DumpFacts): Promise<string[]>;
	/** Exact counts of the live database, and of a dump. */
	rows(work: Work): Promise<RowCounts>;
	rowsOf(file: string, work: Work): Promise<RowCounts>;
}

/** One of many databases of a server: loaded beside the live one under another name, then swapped. */
export interface ServerDatabase extends Source {
	readonly kind: "server";
	/** Every database of the server but its own. */
	list(): Promise<string[]>;
	exists(name: string): Promise<boolean>;
	/** The accounts that own something of the live database or may do something with it. */
	accounts(): Promise<DatabaseAccount[]>;
	/** Those of these accounts that the server does not have. */
	missing(accounts: readonly string[]): Promise<string[]>;
	createAccounts(accounts: readonly DatabaseAccount[]): Promise<void>;
	/** Those that are not there, or that something else needs by now, stay as they are. */
	dropAccounts(accounts: readonly string[]): Promise<void>;
	/** Make the database `as` of a dump. It must not be there. The live one is not touched. */
	load(file: string, facts: DumpFacts, as: string, work: Work): Promise<void>;
	/**
	 * `live` becomes `old` and `fresh` becomes `live`. When there is no `live`, only the second. The same again, when it is
	 * done already, does nothing.
	 */
	swap(fresh: string, live: string, old: string, point?: Point): Promise<void>;
	/** Take a swap back, however far it came: `old` is `live` again, and what was live is `fresh`. Safe to repeat. */
	swapBack(fresh: string, live: string, old: string, point?: Point): Promise<void>;
	/** Does nothing when it is not there. */
	drop(name: string): Promise<void>;
}

/** A database that is a file in a folder of the state: put there before that folder is swapped. */
export interface FileDatabase extends Source {
	readonly kind: "file";
	/**
	 * Make of a dump the file `name` in a folder, ready for its server's next start, with its owner and mode, synced. What
	 * a server would prefer to it, beside it, is removed. Whatever stands there is replaced, and not followed as a link.
	 */
	put(file: string, facts: DumpFacts, folder: Folder, name: string): Promise<void>;
}

export type Database = ServerDatabase | FileDatabase;
