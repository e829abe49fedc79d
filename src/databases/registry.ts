// From a declared dump to its database. A new kind is one folder or file, and one line here.
import type { Dump, FileDump, ServerDump } from "../manifest/dumps.ts";
import type { Database, FileDatabase, ServerDatabase } from "./database.ts";

/** The kind's code is loaded only now. */
export async function openDatabase(dump: ServerDump): Promise<ServerDatabase>;
export async function openDatabase(dump: FileDump): Promise<FileDatabase>;
export async function openDatabase(dump: Dump): Promise<Database>;
export async function openDatabase(dump: Dump): Promise<Database> {
	if ("postgresql" in dump) return (await import("./postgresql/postgresql.ts")).postgresql(dump);
	if ("mariadb" in dump) return (await import("./mariadb/mariadb.ts")).mariadb(dump);
	if ("sqlite" in dump) return (await import("./sqlite/sqlite.ts")).sqlite(dump);
	return (await import("./redis.ts")).redis(dump);
}
