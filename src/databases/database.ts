// The contract that every kind of database fulfils. The definition is always loaded and must stay cheap; the behaviour
// is loaded only when a database is used. Neither knows anything about states, archives or units.
import type { Readable } from "node:stream";
import type * as v from "valibot";
import type { Folder } from "../host/folder.ts";
import type { Program } from "../host/programs.ts";

/** `K`: the key. `D`: a dump of this kind, as `schema` parses it. `S`: whether it speaks SQL. `I`: a dump as written. */
interface Definition<K extends string, D extends object, S extends boolean, I = D> {
	/** The key in a dump that tells its kind; unless there is a `nameKey`, it holds the database's name or the path of its file. */
	readonly key: K;
	/** The name in messages: `PostgreSQL`. */
	readonly label: string;
	/**
	 * What the config declares: a strict object with that key. Connection settings always come from the config, never
	 * from an archive.
	 */
	readonly schema: v.GenericSchema<I, D>;
	/** The program that makes the dump, if it needs one. Users install it, usually together with the server. */
	readonly client?: Program;
	/** Keys whose values are run or name what is run. Users see them before they adopt somebody else's config. */
	readonly runs?: readonly string[];
	/** Other keys that hold text: it is never run. A test asks for those that are in neither list. */
	readonly data?: readonly string[];
	/** The systemd units of the server, if it has one. */
	readonly units?: ServerUnits;
	/** Whether applications store their data in it and health checks can query it. If so, the behaviour has `ask`. */
	readonly speaksSql: S;
}

interface ServerUnits {
	/** Unit names that packages use. At boot, recovery of interrupted runs is ordered after these units. */
	readonly names: readonly string[];
	/** Every unit name an admin might use, with or without the suffix. Such a unit must not be stopped for a backup. */
	readonly pattern: RegExp;
}

/** A server that holds many databases. A dump names one of them, or `*` for all except those in `except`. */
export interface ServerDefinition<
	K extends string = string,
	D extends object = object,
	S extends boolean = boolean,
> extends Definition<K, D, S> {
	readonly kind: "server";
	/** The fields by which a dump, or a server of the config, says where the server is and how to connect. */
	readonly connection: v.ObjectEntries;
	/** The fields of a dump that identify its server, in a fixed order: they become part of the dump's file name. */
	where(dump: D): readonly (string | number | undefined)[];
	/** A dump of this database on the local server. */
	named(database: string): NoInfer<D>;
	open(dump: D, signal?: AbortSignal): Promise<ServerDatabase>;
}

/** A database that is a single file of the state, whether or not a server has it open. */
export interface FileDefinition<
	K extends string = string,
	D extends object = object,
	S extends boolean = boolean,
> extends Definition<K, D, S> {
	readonly kind: "file";
	/** This file and the files that exist next to it while the database is in use. */
	files(file: string): readonly string[];
	/** A dump of this file. */
	named(file: string): NoInfer<D>;
	open(dump: D, signal?: AbortSignal): Promise<FileDatabase>;
}

/**
 * How the content that a load replaced is brought back: it is dumped before, and that dump is loaded; or it is in the
 * state's folders, which are put back; or not at all.
 */
export type WayBack = "dump" | "folders" | "none";

/** A store whose content can only be dumped and loaded: it is neither renamed nor placed. */
export interface StoreDefinition<
	K extends string = string,
	D extends object = object,
	S extends boolean = boolean,
	I = D,
> extends Definition<K, D, S, I> {
	readonly kind: "store";
	/** The key in a dump that holds the store's name, by which archives are matched with the config. */
	readonly nameKey: string;
	wayBack(dump: D): WayBack;
	/** What the user should know if the dump in an archive was made in another way than `declared` makes it. */
	differs(declared: D, held: D): string | undefined;
	open(dump: D, signal?: AbortSignal): Promise<StoreDatabase>;
}

interface NamedOrAll {
	readonly except?: readonly string[] | undefined;
	/** The system user that connects. */
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
export function defineDatabase<const K extends string, D extends object, const S extends boolean, I>(
	definition: StoreDefinition<K, D, S, I>,
): StoreDefinition<K, D, S, I>;
export function defineDatabase<D extends ServerDefinition | FileDefinition | StoreDefinition>(
	definition: D,
): D {
	return definition;
}

/** What is needed to restore the database as it was when it was dumped. Plain data, stored in archives; no secrets. */
export interface DumpFacts {
	/** The server's major version. */
	readonly version: number;
	/** What a restore would not bring back could not be found out when the dump was made. */
	readonly unnoted?: unknown;
	readonly [fact: string]: unknown;
}

/** A dump that is being written. */
export interface DumpStream {
	readonly output: Readable;
	/**
	 * Resolves when the program has succeeded and the dump is complete; rejects otherwise. A truncated dump can look
	 * complete, so consumers must wait for this after the output ends.
	 */
	readonly whole: Promise<void>;
	/** What the user should know about the dump. Complete once `whole` has resolved. */
	readonly warnings?: readonly string[];
}

/** A dump as it is stored in an archive. */
export interface HeldDump {
	readonly file: string;
	readonly facts: DumpFacts;
	/** What `accounts` returned when the dump was made. */
	readonly accounts: unknown;
	/** The names of those that this restore has created. */
	readonly created: readonly string[];
	/**
	 * `written`: this machine wrote the dump and its accounts exactly as they are. `agreed`: the user was told what it
	 * contains and agreed. `none`: neither.
	 */
	readonly trust: "none" | "written" | "agreed";
}

export interface Loaded {
	/** What the swap needs to know: plain data. */
	readonly rest: unknown;
	/** Descriptions of what was left out. */
	readonly warnings: readonly string[];
}

/** What a swap needs to remember: plain data that the caller stores on disk and never on the server. */
export interface SwapMemory {
	/**
	 * The equivalent of `rest` from `load`, but for the database that is set aside, so that another swap can bring it
	 * back.
	 */
	readonly aside?: unknown;
	/** Whether there was a live database to set aside. Undefined in journals of versions that did not record this. */
	readonly hadLive?: boolean;
	readonly [fact: string]: unknown;
}

export interface Swap {
	/** Names of databases: `fresh` replaces `live`, which becomes `old`. */
	readonly fresh: string;
	readonly live: string;
	readonly old: string;
	/**
	 * `rest` as `load` returned it for `fresh`. Undefined if Holdfast 0.1.0 loaded it; null for a former live database
	 * that Holdfast 0.1.0 set aside.
	 */
	readonly rest: unknown;
	/** What an earlier attempt at this swap kept. Null if it kept nothing, undefined if that was Holdfast 0.1.0. */
	readonly memory: unknown;
	/** There must be no `live`, whoever made it: throws if there is, and leaves it alone. */
	readonly mustBeNew?: boolean;
	/** Called before anything changes. The data is on disk and synced when it returns. */
	keep(memory: SwapMemory): void;
	/**
	 * Called with each thing around the data that could not be brought back. If other databases are swapped in the same go, which
	 * such a thing may need, it is left for `complete`.
	 */
	warn?(line: string): void;
	readonly withOthers?: boolean;
	readonly point?: Point;
	/** Aborts statements that come from the archive. Steps that must not be interrupted still run to completion. */
	readonly signal?: AbortSignal;
}

/** Row counts by table. */
export type RowCounts = ReadonlyMap<string, number>;

export interface Work {
	readonly signal: AbortSignal;
	log(line: string): void;
}

/** Called with a name between any two steps that a crash could separate. */
export type Point = (moment: string) => void;

interface Source {
	/** Facts about the live database. Throws if the server does not answer or the database does not exist. */
	facts(): Promise<DumpFacts>;
	/**
	 * Start a consistent dump of the live database. A kind that cannot stream may write temporary files next to the
	 * path `scratch`; they are gone when `whole` settles.
	 */
	dump(scratch: string, work: Work): Promise<DumpStream>;
	/** What a restore would not bring back as it is in the live database: one line each. */
	notes?(): Promise<string[]>;
	/** The reasons why a dump with these facts cannot be restored here. Throws like `facts`. */
	obstacles(facts: DumpFacts): Promise<string[]>;
	/** Exact row counts: `rows` of the live database, `rowsOf` of a dump. */
	rows(work: Work): Promise<RowCounts>;
	rowsOf(file: string, work: Work): Promise<RowCounts>;
	/**
	 * Answer a user's query, such as a health check's, with read access to this database only. Returns one line per row
	 * with columns separated by `|`, and of a long answer only the beginning. Throws if the query fails. Present for every kind that speaks SQL.
	 */
	ask?(sql: string, seconds: number, work: Work): Promise<string>;
}

export type Completion = { readonly rest: unknown } | { readonly aside: unknown };

/** One of many databases on a server. It is loaded next to the live one under another name, then swapped. */
export interface ServerDatabase extends Source {
	readonly kind: "server";
	/** The names of all databases on the server except system databases. */
	list(): Promise<string[]>;
	exists(name: string): Promise<boolean>;
	/**
	 * The accounts that own objects in the live database or have rights on it, and everything else that belongs to it
	 * but is not in the dump. Plain data for a file in the archive; passwords are in the server's own hashed form.
	 * Undefined if there is nothing to store.
	 */
	accounts(): Promise<object | undefined>;
	/** The reasons why the live database cannot be set aside. */
	swapObstacles?(): Promise<string[]>;
	/** The names of accounts in `held` (from `accounts`, or from an archive) that do not exist on the server. */
	missing(held: unknown): Promise<string[]>;
	/**
	 * Create these accounts. Unless the archive is trusted, they get nothing that reaches beyond the database. Returns
	 * descriptions of what was left out. `facts` belong to the dump that needs the accounts.
	 */
	createAccounts(
		held: unknown,
		names: readonly string[],
		from: { readonly facts: DumpFacts; readonly trusted: boolean },
	): Promise<string[]>;
	/** Accounts that do not exist, or that something else needs by now, are skipped. */
	dropAccounts(accounts: readonly string[]): Promise<void>;
	/**
	 * Load a dump into a new database named `as`, which must not exist. The live one is not touched, and nothing in the
	 * dump runs with rights beyond the new database.
	 */
	load(dump: HeldDump, as: string, work: Work): Promise<Loaded>;
	/** Remove what an interrupted load left: the database and the account that loaded it. Safe to repeat. */
	unload(as: string): Promise<void>;
	/** Rename `live` to `old`, then `fresh` to `live`. Without a `live`, do only the second. Safe to repeat. */
	swap(swap: Swap): Promise<void>;
	/**
	 * Undo a swap, however far it got: what the swap put in place is called `fresh` again, and `old` is `live` again.
	 * Safe to repeat. `forUse`: `fresh` will be inspected next, not dropped.
	 */
	swapBack(swap: Omit<Swap, "keep"> & { readonly forUse?: boolean }): Promise<void>;
	/**
	 * After several databases were swapped, or swapped back: bring back what needed another one of them. What belongs to `live` is
	 * `rest`, as `load` returned it, or what is `aside` in the memory of its swap.
	 */
	complete?(swap: Pick<Swap, "live" | "warn" | "signal"> & Completion): Promise<void>;
	/** Does nothing if it does not exist. */
	drop(name: string): Promise<void>;
}

/** A database that is a file in a folder of the state. It is written before that folder is swapped. */
export interface FileDatabase extends Source {
	readonly kind: "file";
	/**
	 * Turn a dump into the file `name` in a folder, with its owner and mode, synced, and ready for the server's next
	 * start. Files next to it that the server would prefer are removed. An existing entry of that name is replaced;
	 * links are not followed.
	 */
	put(file: string, facts: DumpFacts, folder: Folder, name: string): Promise<void>;
}

/** A store whose content a load replaces, while the state's units are stopped. */
export interface StoreDatabase extends Source {
	readonly kind: "store";
	/** Replace the live content with that of a dump. Safe to repeat, also on what a load that was cut short left. */
	load(file: string, facts: DumpFacts, work: Work): Promise<void>;
}

export type Database = ServerDatabase | FileDatabase | StoreDatabase;
