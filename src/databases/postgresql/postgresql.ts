// PostgreSQL, through its own programs, by default as a superuser (peer authentication over the socket). pg_dump's
// custom format gives a consistent dump of a running server. It is left uncompressed so that engines can deduplicate
// it.
import * as v from "valibot";
import { dumpBy, inLargePieces, QUESTION_SECONDS } from "../client.ts";
import type { DumpStream, ServerDatabase, Work } from "../database.ts";
import { accountsOf, createAccounts, dropAccounts, missingAccounts } from "./accounts.ts";
import { asker, type Connection, connectionOf, connectionTo } from "./ask.ts";
import { belongingsOf } from "./belongings.ts";
import { databasesOf, dropDatabase, presentOf } from "./catalog.ts";
import { factsOf, obstaclesTo } from "./facts.ts";
import { loadDump, unload } from "./load.ts";
import { notesOf } from "./notes.ts";
import { propertiesSchema } from "./properties.ts";
import { answerTo } from "./question.ts";
import { countCopied, countRows } from "./rows.ts";
import type { PostgresqlDump } from "./schema.ts";
import { swap, swapBack } from "./swap.ts";

export function postgresql(declared: PostgresqlDump, signal?: AbortSignal): ServerDatabase {
	const { postgresql: live } = declared;
	const connection = connectionOf(declared, signal);
	const sql = asker(connection);
	return {
		kind: "server",
		list: () => databasesOf(sql),
		exists: async (name) => (await presentOf(sql, name)).has(name),
		facts: () => factsOf(sql, live),
		dump: (_scratch, work) => dump(connection, declared, work),
		obstacles: (facts) => obstaclesTo(sql, facts),
		rows: () => countRows(sql, live),
		rowsOf: (file, work) => countCopied(connection.client, file, work),
		ask: (question, seconds, work) => answerTo(question, declared, seconds, work.signal),
		async accounts() {
			const [accounts, contents] = await Promise.all([accountsOf(sql, live), belongingsOf(sql, live)]);
			return { accounts, contents };
		},
		notes: () => notesOf(sql, live),
		missing: (held) => missingAccounts(sql, held),
		createAccounts: (held, names, { facts, trusted }) =>
			createAccounts(sql, held, names, trusted ? "all" : v.parse(propertiesSchema, facts)),
		dropAccounts: (names) => dropAccounts(sql, names),
		load: (held, fresh, work) => loadDump(sql, connection, live, fresh, held, work),
		unload: (fresh) => unload(sql, fresh),
		swap: (what) => swap(sql, what),
		swapBack: (what) => swapBack(sql, what),
		drop: (name) => dropDatabase(sql, name),
	};
}

async function dump(
	connection: Connection,
	{ postgresql: live, excludeTableData = [] }: PostgresqlDump,
	work: Work,
): Promise<DumpStream> {
	return dumpBy(
		connection.client,
		`dump the database ${live}`,
		await inLargePieces([
			"pg_dump",
			`--lock-wait-timeout=${QUESTION_SECONDS * 1000}`,
			"--format=custom",
			"--compress=0",
			...excludeTableData.map((table) => `--exclude-table-data=${table}`),
			...connectionTo(connection, live),
		]),
		work,
	);
}
