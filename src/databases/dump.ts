// A dump as the config declares it and archives hold it. It is one key that says the kind, with the database's name or its
// file's path as value, and further keys that only that kind knows: whoever works with dumps asks them by these functions.
import * as v from "valibot";
import type { Database, FileDatabase, FileDefinition, ServerDatabase, ServerDefinition } from "./database.ts";
import { ALL } from "./fields.ts";
import { DATABASES } from "./list.ts";

type Kinds = (typeof DATABASES)[number];
type DumpOf<K extends Kinds> = v.InferOutput<K["schema"]>;

export type ServerKey = Extract<Kinds, { kind: "server" }>["key"];
/** A database of a server that keeps many, by name. */
export type ServerDump = DumpOf<Extract<Kinds, { kind: "server" }>>;
/** A database that is a file of the state. */
export type FileDump = DumpOf<Extract<Kinds, { kind: "file" }>>;
export type Dump = ServerDump | FileDump;

const KEYS = DATABASES.map(({ key }) => `{ ${key} }`);

export const dumpSchema = v.union(
	DATABASES.map(({ schema }) => schema),
	`a dump is ${KEYS.slice(0, -1).join(", ")} or ${KEYS.at(-1)}`,
);

type Definition = ServerDefinition<string, Dump> | FileDefinition<string, Dump>;
const BY_KEY: ReadonlyMap<string, Definition> = new Map(DATABASES.map((one) => [one.key, one]));

function kindOf(dump: Dump): { readonly definition: Definition; readonly database: string } {
	for (const [key, database] of Object.entries(dump)) {
		const definition = BY_KEY.get(key);
		if (definition !== undefined && typeof database === "string") return { definition, database };
	}
	throw new Error("a dump has no key of any kind of database");
}

export function definitionOf(dump: Dump): Definition {
	return kindOf(dump).definition;
}

export function isServerDump(dump: Dump): dump is ServerDump {
	return definitionOf(dump).kind === "server";
}

/** All of a server's databases, and not one. */
export function isOfAll(dump: Dump): dump is ServerDump {
	return isServerDump(dump) && databaseOf(dump) === ALL;
}

/** The database's name on its server, or the path of its file. */
export function databaseOf(dump: Dump): string {
	return kindOf(dump).database;
}

/** The same server, another database. */
export function withDatabase(dump: ServerDump, name: string): ServerDump {
	const { except: _, ...rest } = dump;
	return { ...rest, [definitionOf(dump).key]: name };
}

/** Such as `PostgreSQL database notes`. */
export function dumpLabel(dump: Dump): string {
	const { label } = definitionOf(dump);
	return isOfAll(dump) ? `${label} databases` : `${label} database ${databaseOf(dump)}`;
}

/** A file name that no two databases of a state share. Archives have it, so it stays as it is. */
export function dumpFile(dump: Dump): string {
	const { definition, database } = kindOf(dump);
	const where = definition.kind === "server" ? definition.where(dump) : [];
	const parts = [definition.key, ...where, database].filter((part) => part !== undefined);
	return `${parts.map(encodeURIComponent).join("-")}.dump`;
}

/** The files of a running database, and those it creates beside them. An archive holds the dump instead of them. */
export function liveFiles(dump: Dump): readonly string[] {
	const { definition, database } = kindOf(dump);
	return definition.kind === "file" ? definition.files(database) : [];
}

/** Whether the config declares a dump of this database, by name or by `*`. */
export function covers(declared: Dump, held: Dump): boolean {
	if (!isOfAll(declared)) return dumpFile(declared) === dumpFile(held);
	return (
		isServerDump(held) &&
		!declared.except?.includes(databaseOf(held)) &&
		dumpFile(withDatabase(declared, databaseOf(held))) === dumpFile(held)
	);
}

/** The declared dump that stands for this one, with the connection that the config gives it; undefined without one. */
export function asDeclared(declared: readonly Dump[], held: Dump): Dump | undefined {
	const one = declared.find((dump) => covers(dump, held));
	return one !== undefined && isOfAll(one) ? withDatabase(one, databaseOf(held)) : one;
}

/**
 * The kind's code is loaded only now. The signal ends what is asked of its server; what must not be left halfway, such as a
 * swap, goes to its end, which is bounded in time.
 */
export async function openDatabase(dump: ServerDump, signal?: AbortSignal): Promise<ServerDatabase>;
export async function openDatabase(dump: FileDump, signal?: AbortSignal): Promise<FileDatabase>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database> {
	return definitionOf(dump).open(dump, signal);
}
