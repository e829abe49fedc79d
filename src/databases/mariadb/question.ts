// Run a user's query, such as a health check's, with read access to this database only. The database belongs to the
// service, which could replace a table with a view.

import { LONGEST_BEGINNING } from "../../host/lines.ts";
import { identifier } from "./names.ts";
import type { MariadbDump } from "./schema.ts";
import { serverOf, sqlBy } from "./server.ts";
import { temporaryAccount } from "./temporary.ts";

/** The answer in psql's format: one line per row, columns separated by `|`. Throws if the query fails. */
export async function answerTo(
	sql: string,
	{ mariadb: database, ...where }: MariadbDump,
	seconds: number,
	signal: AbortSignal,
): Promise<string> {
	const reader = await temporaryAccount(serverOf(where, signal), database, "ask");
	const statements = [`USE ${identifier(database)}`, sql.replace(/[;\s]+$/, "")];
	const rows = await sqlBy(
		{ ...reader, seconds: Math.ceil(seconds), beginning: LONGEST_BEGINNING },
		statements,
		`query the database ${database}`,
	).finally(reader.release);
	return rows.map((columns) => columns.join("|")).join("\n");
}
