// System-versioned tables keep the rows that were changed or deleted. mariadb-dump leaves these out unless it is told not to.
import type { DumpFacts } from "../database.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** Whether history can be dumped and loaded: since MariaDB 10.11 ("mariadb-dump", --dump-history). */
export async function dumpsHistory({ sql }: Server): Promise<boolean> {
	const rows = await sql(
		["SHOW VARIABLES LIKE 'system_versioning_insert_history'"],
		"ask the server for its settings",
	);
	return rows.length > 0;
}

export async function versionedTables({ sql }: Server, database: string): Promise<string[]> {
	const rows = await sql(
		[
			`SELECT table_name FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_type = 'SYSTEM VERSIONED'`,
		],
		`list the tables of ${database}`,
	);
	return rows.flat();
}

/** Whether a dump that is made now holds history, as a fact about it. */
export async function historyFacts(server: Server, database: string): Promise<{ readonly history?: true }> {
	const isHeld = (await dumpsHistory(server)) && (await versionedTables(server, database)).length > 0;
	return isHeld ? { history: true } : {};
}

/** Why this server cannot load a dump with these facts, if its history is the reason. */
export async function historyObstacles(server: Server, { history }: DumpFacts): Promise<string[]> {
	if (history !== true || (await dumpsHistory(server))) return [];
	return [
		"it holds the history of system-versioned tables, which MariaDB can load since 10.11, and this server is older",
	];
}
