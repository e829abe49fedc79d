// The contract that every kind of database fulfils: a definition, which loads nothing and is known everywhere, and a
// behaviour, which is loaded when one is worked on. A database knows nothing of states, archives or units.
import type { Readable } from "node:stream";
import type * as v from "valibot";
import type { Folder } from "../host/folder.ts";
import type { Program } from "../host/programs.ts";

/** `K`: its key. `D`: a dump of the kind, as `schema` has it. `S`: whether it speaks SQL. */
interface Definition<K extends string, D extends object, S extends boolean> {
	/** The key of a dump that holds the database's name, or its file's path. No other kind has a key of that name. */
	readonly key: K;
	/** As it stands in messages: `PostgreSQL`. */
	readonly label: string;
	/** What the config says of one: a strict object with that key. What it says of the server is never an archive's word. */
	readonly schema: v.GenericSchema<D>;
	/** The program that a dump is made with, where it takes one: a person installs it, mostly with the server. */
	readonly client?: Program;
	/** Units of its server, where it has one that runs. */
	readonly units?: ServerUnits;
	/** Applications keep their data in it, and health checks ask it: its behaviour has `ask`. */
	readonly speaksSql: S;
	/** A dump of this database: on the server here, or in this file. */
	named(database: string): NoInfer<D>;
}

interface ServerUnits {
	/** As packages name them: at boot, what is left of a run that died waits for these. */
	readonly names: readonly string[];
	/** All that a person may call one, with or without its suffix: it must not be stopped for a backup. */
	readonly pattern: RegExp;
}

/** A server that keeps many databases: its dumps name one, or `*` for all, but those in `except`. */
export interface ServerDefinition<
	K extends string = string,
	D extends object = object,
	S extends boolean = boolean,
> extends Definition<K, D, S> {
	readonly kind: "server";
	/** What of a dump tells one server from another, in an order that stays: it is part of the dump's file name. */
	where(dump: D): readonly (string | number | undefined)[];
	open(dump: D, signal?: AbortSignal): Promise<ServerDatabase>;
}

/** A database that is one file of the state, whether or not a server has it open. */
export interface FileDefinition<
	K extends string = string,
	D extends object = object,
	S extends boolean = boolean,
> extends Definition<K, D, S> {
	readonly kind: "file";
	/** This file, and those that are made beside it while it is in use. */
	files(file: string): readonly string[];
	open(dump: D, signal?: AbortSignal): Promise<FileDatabase>;
}

interface NamedOrAll {
	readonly except?: readonly string[] | undefined;
	/** The user of the machine who asks. */
	readonly user?: string | undefined;
}

export function defineDatabase<
	const K extends string,
	D extends Readonly<Record<K, string>> & NamedOrAll,
	const S extends boolean,
>(definition: ServerDefinition<K, D, S>): ServerDefinition<K, D, S>;
export function defineDatabase<
	const K extends string,
	D extends Readonly<Record<K, string>>,
	const S extends boolean,
>(definition: FileDefinition<K, D, S>): FileDefinition<K, D, S>;
export function defineDatabase<D extends ServerDefinition | FileDefinition>(definition: D): D {
	return definition;
}

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
	/** What a person should know of how it was made. */
	readonly warnings?: readonly string[];
}

/** A dump as an archive holds it. */
export interface HeldDump {
	readonly file: string;
	readonly facts: DumpFacts;
	/** What `accounts` gave when it was made. */
	readonly accounts: unknown;
	/** This machine wrote it and its accounts just so, or a person was told what it holds and said yes. */
	readonly trust: "none" | "written" | "agreed";
}

export interface Loaded {
	/** What the swap must know of it: plain data. */
	readonly rest: unknown;
	/** What was left out, in words. */
	readonly warnings: readonly string[];
}

/** What a swap must know: plain data that its caller keeps on disk, and never the server. */
export interface SwapMemory {
	/** As `rest` of what `load` returned, for what is put aside: to bring that back by another swap. */
	readonly aside?: unknown;
	readonly [fact: string]: unknown;
}

export interface Swap {
	/** Names of databases. */
	readonly fresh: string;
	readonly live: string;
	readonly old: string;
	/**
	 * `rest` of what `load` returned of the fresh one; undefined for what Holdfast 0.1.0 loaded, and null for a live one
	 * that it put aside.
	 */
	readonly rest: unknown;
	/** What an earlier try of this swap has kept; null when it kept nothing, undefined for one of Holdfast 0.1.0. */
	readonly memory: unknown;
	/** Called before anything is changed; on disk and synced when it returns. */
	keep(memory: SwapMemory): void;
	readonly point?: Point;
	/** Ends what the archive has the server do; what must not be left halfway goes to its end. */
	readonly signal?: AbortSignal;
}

/** Rows by table. */
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
	/**
	 * The answer to a person's question, such as a health check's, put with the right to read that database and no other: a
	 * line for each row, a bar between columns. Throws when it is not answered. Of each kind that speaks SQL.
	 */
	ask?(sql: string, seconds: number, work: Work): Promise<string>;
}

/** One of many databases of a server: loaded beside the live one under another name, then swapped. */
export interface ServerDatabase extends Source {
	readonly kind: "server";
	/** Every database of the server but its own. */
	list(): Promise<string[]>;
	exists(name: string): Promise<boolean>;
	/**
	 * The accounts that own something of the live database or may do something with it, and what else of it no dump holds:
	 * plain data for a file of the archive, with passwords as the server keeps them. Undefined when there are none.
	 */
	accounts(): Promise<object | undefined>;
	/** Names of those accounts, as `accounts` gave them or an archive holds them, that the server does not have. */
	missing(held: unknown): Promise<string[]>;
	/**
	 * Make these, and nothing of them that reaches beyond the database unless the archive is trusted; what was left out, in
	 * words. `facts` are of the dump that needs them.
	 */
	createAccounts(
		held: unknown,
		names: readonly string[],
		from: { readonly facts: DumpFacts; readonly trusted: boolean },
	): Promise<string[]>;
	/** Those that are not there, or that something else needs by now, stay as they are. */
	dropAccounts(accounts: readonly string[]): Promise<void>;
	/**
	 * Make the database `as` of a dump. It must not be there. The live one is not touched, and nothing of the dump runs with
	 * more rights than over the new one.
	 */
	load(dump: HeldDump, as: string, work: Work): Promise<Loaded>;
	/** Take away what a load has left that died: the database and the account that loaded it. Safe to repeat. */
	unload(as: string): Promise<void>;
	/**
	 * `live` becomes `old` and `fresh` becomes `live`. When there is no `live`, only the second. The same again, when it is
	 * done already, does nothing.
	 */
	swap(swap: Swap): Promise<void>;
	/**
	 * Take a swap back, however far it came: `old` is `live` again, and what was live is `fresh`. Safe to repeat. `forUse`:
	 * the fresh one is not to be dropped next, but looked into.
	 */
	swapBack(swap: Omit<Swap, "keep"> & { readonly forUse?: boolean }): Promise<void>;
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
