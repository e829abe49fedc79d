// A person's question to a database, such as a health check's: put with no more rights than to read that database. What the
// question is about is the service's, which could put a view in the place of a table.
import type { ExecResult } from "../../host/exec.ts";
import { execText } from "../../host/exec.ts";
import { stranger } from "../../host/users.ts";
import type { PostgresqlDump } from "../../manifest/dumps.ts";
import { optionsOf } from "../client.ts";
import { asker, type Connection, connectionOf, connectionTo } from "./ask.ts";
import { dropTemporary, isSuperuser, makeReader, reach } from "./temporary.ts";

export interface Question {
	readonly sql: string;
	readonly database: string;
	/** Where the server is, and as which user of the machine it is asked; as a dump says it. */
	readonly server: Pick<PostgresqlDump, "user" | "host" | "port" | "pgService">;
}

/** What psql made of it. Throws when the server cannot be asked at all. */
export async function answerTo(
	{ sql, database, server }: Question,
	timeoutSeconds: number,
	signal: AbortSignal,
): Promise<ExecResult & { readonly text: string }> {
	const own = connectionOf(server);
	const ask = asker(own);
	const put = async ({ client: as, where }: Connection) =>
		execText(
			[
				...["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"],
				...[...connectionTo({ client: as, where }, database), `--command=${sql}`],
			],
			{ ...(await optionsOf(as)), timeoutSeconds, signal },
		);
	if (!(await isSuperuser(ask))) return put(own);
	try {
		const reader = await makeReader(ask, database);
		return await put((await reach(ask, own, database, reader, await stranger())).connection);
	} finally {
		await dropTemporary(ask, "ask", database);
	}
}
