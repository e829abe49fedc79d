// From a declared dump to its database. A new server is one file and one line here.
import type { Dump } from "../manifest/dumps.ts";
import type { Database } from "./database.ts";

/** The server's code is loaded only now. */
export async function openDatabase(dump: Dump): Promise<Database> {
	return (await import("./postgresql.ts")).postgresql(dump);
}
