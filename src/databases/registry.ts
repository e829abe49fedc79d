// From a declared dump to its database. A new kind is one folder or file, and one line here.
import type { Dump, FileDump, ServerDump } from "../manifest/dumps.ts";
import type { Database, FileDatabase, ServerDatabase } from "./database.ts";

/**
 * The kind's code is loaded only now. The signal ends what is asked of its server; what must not be left halfway, such as a
 * swap, goes to its end, which is bounded in time.
 */
export async function openDatabase(dump: ServerDump, signal?: AbortSignal): Promise<ServerDatabase>;
export async function openDatabase(dump: FileDump, signal?: AbortSignal): Promise<FileDatabase>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database>;
export async function openDatabase(dump: Dump, signal?: AbortSignal): Promise<Database> {
	if ("postgresql" in dump) return (await import("./postgresql/postgresql.ts")).postgresql(dump, signal);
	if ("mariadb" in dump) return (await import("./mariadb/mariadb.ts")).mariadb(dump, signal);
	if ("sqlite" in dump) return (await import("./sqlite/sqlite.ts")).sqlite(dump);
	return (await import("./redis.ts")).redis(dump, signal);
}
