// A person's question to a database, such as a health check's: put with the right to read that database, and no other. What
// the question is about is the service's, which could put a view in the place of a table.

import { identifier } from "./names.ts";
import type { MariadbDump } from "./schema.ts";
import { serverOf, sqlBy } from "./server.ts";
import { temporaryAccount } from "./temporary.ts";

/** The answer as psql prints it: a line for each row, and a bar between columns. Throws when it was not answered. */
export async function answerTo(
	sql: string,
	{ mariadb: database, ...where }: MariadbDump,
	seconds: number,
	signal: AbortSignal,
): Promise<string> {
	const reader = await temporaryAccount(serverOf(where, signal), database, "ask");
	const statements = [`USE ${identifier(database)}`, sql.replace(/[;\s]+$/, "")];
	const rows = await sqlBy(
		{ ...reader, seconds: Math.ceil(seconds) },
		statements,
		`ask the database ${database}`,
	).finally(reader.release);
	return rows.map((columns) => columns.join("|")).join("\n");
}
