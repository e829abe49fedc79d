// A person's question to a database, such as a health check's: put with no more rights than to read that database. What the
// question is about is the service's, which could put a view in the place of a table.
import type { ExecResult } from "../../host/exec.ts";
import { execText } from "../../host/exec.ts";
import { stranger } from "../../host/users.ts";
import { type Client, optionsOf } from "../client.ts";
import { asker, type Connection, connectionTo } from "./ask.ts";
import { dropTemporary, isSuperuser, makeReader, reach } from "./temporary.ts";

export interface Question {
	readonly sql: string;
	readonly database: string;
	/** The user of the machine to ask as. */
	readonly user: string;
}

/** What psql made of it. Throws when the server cannot be asked at all. */
export async function answerTo(
	{ sql, database, user }: Question,
	timeoutSeconds: number,
	signal: AbortSignal,
): Promise<ExecResult & { readonly text: string }> {
	const client: Client = {
		server: "PostgreSQL",
		programs: "postgresql-client",
		look: "is the server up? See: systemctl status postgresql",
		user,
		env: { PGCONNECT_TIMEOUT: "10" },
	};
	const own: Connection = { client, where: [] };
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
