// PostgreSQL, through its own programs as a user who may do all (peer authentication over the socket).
// pg_dump's custom format is consistent while the server works; uncompressed, so that engines can deduplicate it.
// ALTER DATABASE … RENAME may run in a transaction, needs that nobody is connected, and takes milliseconds
// (PostgreSQL 15 documentation, "ALTER DATABASE").
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { dumpBy, LONG_QUESTION_SECONDS, QUESTION_SECONDS } from "../client.ts";
import type { DumpFacts, ServerDatabase } from "../database.ts";
import { accountsOf, createAccounts, dropAccounts, missingAccounts } from "./accounts.ts";
import { asker, connectionOf, connectionTo } from "./ask.ts";
import { belongingsOf } from "./belongings.ts";
import { MOST_COMMENTS } from "./dump-file.ts";
import { loadDump } from "./load.ts";
import { identifier, literal } from "./names.ts";
import { PROPERTIES, propertiesSchema } from "./properties.ts";
import { answerTo } from "./question.ts";
import { countCopied, countRows } from "./rows.ts";
import type { PostgresqlDump } from "./schema.ts";
import { dropTemporary } from "./temporary.ts";

export function postgresql(dump: PostgresqlDump, signal?: AbortSignal): ServerDatabase {
	const { postgresql: live, excludeTableData = [] } = dump;
	const connection = connectionOf(dump, signal);
	const { client } = connection;
	const sql = asker(connection);

	/** Those of these databases that are there. */
	const present = async (...names: string[]) =>
		new Set(
			(
				await sql(
					[`SELECT datname FROM pg_database WHERE datname IN (${names.map(literal).join(", ")})`],
					`look for the database ${names[0]}`,
				)
			).flat(),
		);
	const exists = async (name: string) => (await present(name)).has(name);
	const endSessions = (name: string) => [
		`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${literal(name)} AND pid <> pg_backend_pid()`,
		// A backend that was told to end takes a moment.
		`DO $$ BEGIN FOR n IN 1..200 LOOP EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = ${literal(name)}); PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`,
	];
	const rename = (from: string, to: string) =>
		`ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`;
	const version = async () => {
		const [[number = "0"] = []] = await sql(["SHOW server_version_num"], "ask PostgreSQL for its version");
		return Math.floor(Number(number) / 10_000);
	};

	return {
		kind: "server",
		exists,
		async list() {
			const rows = await sql(
				[
					"SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn AND datname <> 'postgres'",
				],
				"ask PostgreSQL for its databases",
			);
			return rows.flat().filter((name) => !name.startsWith("holdfast_"));
		},
		async facts() {
			const [row] = await sql([PROPERTIES(live)], `look at the database ${live}`);
			if (!row)
				throw new HoldfastError("database-not-found", `there is no PostgreSQL database ${live}`, {
					hint: "see those there are: psql -l",
				});
			const [[comments = "0"] = []] = await sql(
				["SELECT COALESCE(sum(octet_length(description)), 0) FROM pg_description"],
				`look at the comments in ${live}`,
				live,
			);
			if (Number(comments) > MOST_COMMENTS)
				throw new HoldfastError(
					"database-failed",
					`the comments in the PostgreSQL database ${live} are longer than a restore would read: ${comments} bytes`,
					{ hint: `see which: SELECT * FROM pg_description ORDER BY length(description) DESC LIMIT 5` },
				);
			const extensions = await sql(
				["SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"],
				`look at the database ${live}`,
				live,
			);
			return {
				...v.parse(propertiesSchema, JSON.parse(row[0] ?? "")),
				version: await version(),
				extensions: extensions.flat(),
			} satisfies DumpFacts;
		},
		dump: (_scratch, work) =>
			dumpBy(
				client,
				`dump the database ${live}`,
				[
					"pg_dump",
					`--lock-wait-timeout=${QUESTION_SECONDS * 1000}`,
					"--format=custom",
					"--compress=0",
					...excludeTableData.map((table) => `--exclude-table-data=${table}`),
					...connectionTo(connection, live),
				],
				work,
			),
		async obstacles(facts) {
			const own = await version();
			const extensions = v.parse(v.optional(v.array(v.string()), []), facts.extensions);
			const available = new Set(
				(
					await sql(["SELECT name FROM pg_available_extensions"], "ask PostgreSQL which extensions it has")
				).flat(),
			);
			return [
				...(own < facts.version
					? [`it was dumped by version ${facts.version}, and the server here is ${own}`]
					: []),
				...extensions
					.filter((name) => !available.has(name))
					.map((name) => `it needs the extension ${name}, which the server here does not have: install it`),
			];
		},
		rows: () => countRows(sql, live),
		ask: (question, seconds, work) => answerTo(question, dump, seconds, work.signal),
		rowsOf: (file, work) => countCopied(client, file, work),
		async accounts() {
			const accounts = await accountsOf(sql, live);
			return { accounts, contents: await belongingsOf(sql, live) };
		},
		missing: (held) => missingAccounts(sql, held),
		createAccounts: (held, names, { facts, trusted }) =>
			createAccounts(sql, held, names, trusted ? "all" : v.parse(propertiesSchema, facts)),
		dropAccounts: (names) => dropAccounts(sql, names),
		load: (held, fresh, work) => loadDump(sql, connection, live, fresh, held, work),
		async unload(fresh) {
			await drop(fresh);
			await dropTemporary(sql, "load", fresh);
		},
		async swap({ fresh, live: name, old }) {
			const there = await present(fresh, name);
			if (!there.has(fresh))
				throw new HoldfastError(
					"database-failed",
					`there is no database ${fresh} to put in the place of ${name}`,
				);
			const hadLive = there.has(name);
			await sql(
				[
					...(hadLive ? endSessions(name) : []),
					"BEGIN",
					...(hadLive ? [rename(name, old)] : []),
					rename(fresh, name),
					"COMMIT",
					`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`,
				],
				`swap the database ${name}`,
			);
		},
		async swapBack({ fresh, live: name, old, forUse = false }) {
			const there = await present(old, name, fresh);
			const [hasOld, hasLive, hasFresh] = [there.has(old), there.has(name), there.has(fresh)];
			// Without the fresh one beside it, what is live is the fresh one.
			const liveIsFresh = hasLive && !hasFresh;
			if (hasOld || liveIsFresh) {
				await sql(
					[
						...(liveIsFresh ? endSessions(name) : []),
						"BEGIN",
						...(liveIsFresh ? [rename(name, fresh)] : []),
						...(hasOld ? [rename(old, name)] : []),
						"COMMIT",
					],
					`swap the database ${name} back`,
				);
			}
			const closed = [...(hasOld || (hasLive && hasFresh) ? [name] : []), ...(forUse ? [fresh] : [])];
			for (const one of closed)
				await sql(
					[`ALTER DATABASE ${identifier(one)} WITH ALLOW_CONNECTIONS true`],
					`open the database ${one} again`,
				);
		},
		drop,
	};

	async function drop(name: string): Promise<void> {
		if (!(await exists(name))) return;
		await sql(
			[`DROP DATABASE ${identifier(name)} WITH (FORCE)`],
			`drop the database ${name}`,
			"postgres",
			LONG_QUESTION_SECONDS,
		);
	}
}
