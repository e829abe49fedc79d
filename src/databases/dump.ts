// A dump as the config declares it and as archives store it. One key says which kind it is; its value is the database's
// name or the path of its file. The other keys depend on the kind, so code outside this folder uses these functions
// instead.
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import type {
	Database,
	FileDatabase,
	FileDefinition,
	ServerDatabase,
	ServerDefinition,
	StoreDatabase,
	StoreDefinition,
	WayBack,
} from "./database.ts";
import { ALL } from "./fields.ts";
import { DATABASES } from "./list.ts";

type Kinds = (typeof DATABASES)[number];
type DumpOf<K extends Kinds> = v.InferOutput<K["schema"]>;

export type ServerKey = Extract<Kinds, { kind: "server" }>["key"];
/** A named database on a server that holds many. */
export type ServerDump = DumpOf<Extract<Kinds, { kind: "server" }>>;
/** A database that is a file of the state. */
export type FileDump = DumpOf<Extract<Kinds, { kind: "file" }>>;
/** A store whose content can only be dumped and loaded. */
export type StoreDump = DumpOf<Extract<Kinds, { kind: "store" }>>;
export type Dump = ServerDump | FileDump | StoreDump;

const KEYS = DATABASES.map(({ key }) => `{ ${key} }`);

export const dumpSchema = v.union(
	DATABASES.map(({ schema }) => schema),
	`a dump must be ${KEYS.slice(0, -1).join(", ")} or ${KEYS.at(-1)}`,
);

type Definition =
	| ServerDefinition<string, Dump>
	| FileDefinition<string, Dump>
	| StoreDefinition<string, Dump, boolean, unknown>;
const BY_KEY: ReadonlyMap<string, Definition> = new Map(DATABASES.map((one) => [one.key, one]));

function kindOf(dump: Dump): { readonly definition: Definition; readonly database: string } {
	const entries = new Map<string, unknown>(Object.entries(dump));
	for (const key of entries.keys()) {
		const definition = BY_KEY.get(key);
		const database = entries.get(definition?.kind === "store" ? definition.nameKey : key);
		if (definition !== undefined && typeof database === "string") return { definition, database };
	}
	throw new Error("the dump has no key that names a kind of database");
}

export function definitionOf(dump: Dump): Definition {
	return kindOf(dump).definition;
}

export function isServerDump(dump: Dump): dump is ServerDump {
	return definitionOf(dump).kind === "server";
}

export function isFileDump(dump: Dump): dump is FileDump {
	return definitionOf(dump).kind === "file";
}

export function isStoreDump(dump: Dump): dump is StoreDump {
	return definitionOf(dump).kind === "store";
}

/** Undefined if it is not the dump of a store. */
export function wayBackOf(dump: Dump): WayBack | undefined {
	const definition = definitionOf(dump);
	return definition.kind === "store" ? definition.wayBack(dump) : undefined;
}

/** What the user should know if the dump in an archive was made in another way than the config's. */
export function differenceOf(declared: Dump, held: Dump): string | undefined {
	const definition = definitionOf(declared);
	return definition.kind === "store" ? definition.differs(declared, held) : undefined;
}

/** Whether this dump means all databases of a server. */
export function isOfAll(dump: Dump): dump is ServerDump {
	return isServerDump(dump) && databaseOf(dump) === ALL;
}

/** The database's name on its server, the path of its file, or the name of a store. */
export function databaseOf(dump: Dump): string {
	return kindOf(dump).database;
}

/** A dump of another database on the same server. */
export function withDatabase(dump: ServerDump, name: string): ServerDump {
	const { except: _, ...rest } = dump;
	return { ...rest, [definitionOf(dump).key]: name };
}

/** For example `PostgreSQL database notes`, or `store ldap`. */
export function dumpLabel(dump: Dump): string {
	const { label, kind } = definitionOf(dump);
	if (kind === "store") return `${label} ${databaseOf(dump)}`;
	return isOfAll(dump) ? `${label} databases` : `${label} database ${databaseOf(dump)}`;
}

/** Which server a dump is of, for people: `the server 10.0.0.2 5433`, or that of this machine. */
function serverLabel(dump: ServerDump): string {
	const { definition } = kindOf(dump);
	const where =
		definition.kind === "server" ? definition.where(dump).filter((part) => part !== undefined) : [];
	return where.length === 0 ? "this machine's server" : `the server ${where.join(" ")} of the config`;
}

/** A file name that is unique among the dumps of a state. Existing archives contain it, so it must not change. */
export function dumpFile(dump: Dump): string {
	const { definition, database } = kindOf(dump);
	const where = definition.kind === "server" ? definition.where(dump) : [];
	const parts = [definition.key, ...where, database].filter((part) => part !== undefined);
	return `${parts.map(encodeURIComponent).join("-")}.dump`;
}

/** The files of a running database, including those it creates next to them. An archive holds the dump instead. */
export function liveFiles(dump: Dump): readonly string[] {
	const { definition, database } = kindOf(dump);
	return definition.kind === "file" ? definition.files(database) : [];
}

/** Whether the config's dump `declared` includes this database, by name or by `*`. */
export function covers(declared: Dump, held: Dump): boolean {
	if (!isOfAll(declared)) return dumpFile(declared) === dumpFile(held);
	return (
		isServerDump(held) &&
		!declared.except?.includes(databaseOf(held)) &&
		dumpFile(withDatabase(declared, databaseOf(held))) === dumpFile(held)
	);
}

/**
 * The dump that the config declares for the database of `held`, with the connection from the config. Undefined if there
 * is none.
 */
export function asDeclared(declared: readonly Dump[], held: Dump): Dump | undefined {
	const one = declared.find((dump) => covers(dump, held));
	return one !== undefined && isOfAll(one) ? withDatabase(one, databaseOf(held)) : one;
}

/**
 * Load the code for this kind and open the database. The signal aborts queries to its server; steps that must not be
 * interrupted, such as a swap, still run to completion, within a time limit.
 */
export async function openDatabase(dump: ServerDump, signal?: AbortSignal): Promise<ServerDatabase>;
export async function openDatabase(dump: FileDump, signal?: AbortSignal): Promise<FileDatabase>;
export async function openDatabase(dump: StoreDump, signal?: AbortSignal): Promise<StoreDatabase>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database> {
	return definitionOf(dump).open(dump, signal);
}

/** Throws if the server of the dump has a database of this name. */
export async function requireFreeName(dump: ServerDump, name: string): Promise<void> {
	if (!(await (await openDatabase(dump)).exists(name))) return;
	throw new HoldfastError(
		"path-occupied",
		`there is a ${definitionOf(dump).label} database ${name} already, on ${serverLabel(dump)}`,
		{ subject: name, hint: "choose a name that no database has" },
	);
}
