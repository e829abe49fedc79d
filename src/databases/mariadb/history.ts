// System-versioned tables keep the rows that were changed or deleted. mariadb-dump leaves these out unless it is told not to.
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
