// Run a user's query, such as a health check's, with only the right to read this database. The database belongs to the
// service, which could replace a table with a view.
import { describeEnd, execText } from "../../host/exec.ts";
import { LONGEST_BEGINNING } from "../../host/lines.ts";
import { stranger } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { optionsOf } from "../client.ts";
import { asker, type Connection, connectionOf, connectionTo } from "./ask.ts";
import type { PostgresqlDump } from "./schema.ts";
import { dropTemporary, isSuperuser, makeReader, reach } from "./temporary.ts";

/** The answer in psql's format: one line per row, columns separated by `|`. Throws if the query fails. */
export async function answerTo(
	sql: string,
	{ postgresql: database, ...server }: PostgresqlDump,
	seconds: number,
	signal: AbortSignal,
): Promise<string> {
	// No abort signal here: the temporary role must be dropped even if the run is interrupted.
	const own = connectionOf(server);
	const ask = asker(own);
	const put = async ({ client: as, where }: Connection) => {
		const argv = [
			...["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"],
			...[...connectionTo({ client: as, where }, database), `--command=${sql}`],
		];
		const result = await execText(argv, {
			...(await optionsOf(as)),
			...{ timeoutSeconds: seconds, signal, beginning: LONGEST_BEGINNING },
		});
		if (result.code === 0) return result.text;
		throw new HoldfastError("database-failed", describeEnd(result, seconds), { details: result.stderr });
	};
	if (!(await isSuperuser(ask))) return put(own);
	try {
		const reader = await makeReader(ask, database);
		return await put((await reach(ask, own, database, reader, await stranger())).connection);
	} finally {
		await dropTemporary(ask, "ask", database);
	}
}
