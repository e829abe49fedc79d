// PostgreSQL, through its own programs as a user who may do all (peer authentication over the socket).
// pg_dump's custom format is consistent while the server works; uncompressed, so that engines can deduplicate it.
// ALTER DATABASE … RENAME may run in a transaction, needs that nobody is connected, and takes milliseconds
// (PostgreSQL 15 documentation, "ALTER DATABASE").
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { execText } from "../../host/exec.ts";
import type { PostgresqlDump } from "../../manifest/dumps.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { type Client, dumpBy, fault, optionsOf, perform } from "../client.ts";
import type { DumpFacts, RowCounts, ServerDatabase } from "../database.ts";
import { accountStatements, rolesNeeded } from "./accounts.ts";
import { conninfo, identifier, literal } from "./names.ts";
import { applyProperties, PROPERTIES, type Properties } from "./properties.ts";
import { countCopied } from "./rows.ts";

/** A query's columns: not a character that a name or a locale has. */
const SEPARATOR = "\u001f";

/** From this size on a dump is loaded by several sessions at once. */
const LARGE_BYTES = 16 * 1024 * 1024;
const MOST_JOBS = 4;

/** What a server says that has just been started, or goes over its log after it died: nothing of ours was run. */
const COMING_UP =
	/FATAL: +the database system is (starting up|in recovery mode|not yet accepting connections)/;
const COMING_UP_MS = 60_000;
const POLL_MS = 250;

interface Facts extends DumpFacts, Properties {
	/** Names of extensions that the dump creates. */
	readonly extensions?: readonly string[];
}

export function postgresql({
	postgresql: live,
	user,
	host,
	port,
	pgService,
	excludeTableData = [],
}: PostgresqlDump): ServerDatabase {
	const client: Client = {
		server: "PostgreSQL",
		programs: "postgresql-client",
		look: "is the server up? See: systemctl status postgresql",
		user: user ?? (process.getuid?.() === 0 ? "postgres" : undefined),
		env: { PGCONNECT_TIMEOUT: "10", ...(pgService === undefined ? {} : { PGSERVICE: pgService }) },
	};
	const connection = (name: string) => [
		...(host === undefined ? [] : [`--host=${host}`]),
		...(port === undefined ? [] : [`--port=${port}`]),
		`--dbname=${conninfo(name)}`,
	];

	/** Statements one after another over one connection; the last one's rows. Waits for a server that comes up. */
	async function sql(
		statements: readonly string[],
		doing: string,
		database = "postgres",
	): Promise<string[][]> {
		const argv = [
			"psql",
			"--no-psqlrc",
			"--quiet",
			"--tuples-only",
			"--no-align",
			`--field-separator=${SEPARATOR}`,
			"--record-separator-zero",
			"--set=ON_ERROR_STOP=1",
			...connection(database),
			"--file=-",
		];
		const until = performance.now() + COMING_UP_MS;
		for (;;) {
			const result = await execText(argv, {
				...(await optionsOf(client)),
				input: `${statements.join(";\n")};\n`,
			});
			if (result.code === 0)
				return result.text
					.split("\0")
					.filter((record) => record.trim() !== "")
					.map((record) => record.split(SEPARATOR));
			if (!result.stderr.some((line) => COMING_UP.test(line)) || performance.now() > until)
				throw fault(client, doing, result);
			await pause(POLL_MS);
		}
	}

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
				throw new HoldfastError("failed", `there is no PostgreSQL database ${live}`, {
					hint: "see those there are: psql -l",
				});
			const extensions = await sql(
				["SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"],
				`look at the database ${live}`,
				live,
			);
			return {
				...(JSON.parse(row[0] ?? "") as Properties),
				version: await version(),
				extensions: extensions.flat(),
			} satisfies Facts;
		},
		dump: (_scratch, work) =>
			dumpBy(
				client,
				`dump the database ${live}`,
				[
					"pg_dump",
					"--format=custom",
					"--compress=0",
					...excludeTableData.map((table) => `--exclude-table-data=${table}`),
					...connection(live),
				],
				work,
			),
		async obstacles(facts) {
			const own = await version();
			const { extensions = [] } = facts as Facts;
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
		async rows() {
			const tables = await sql(
				[
					"SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
				],
				`count the rows of ${live}`,
				live,
			);
			const names = tables.flat();
			if (names.length === 0) return new Map();
			const counts = await sql(
				[names.map((name) => `SELECT ${literal(name)}, count(*) FROM ${name}`).join(" UNION ALL ")],
				`count the rows of ${live}`,
				live,
			);
			return new Map(counts.map(([name = "", count]) => [name, Number(count)])) satisfies RowCounts;
		},
		rowsOf: (file, work) => countCopied(client, file, work),
		async accounts() {
			const [needed] = await sql([rolesNeeded(live)], `look for the roles of ${live}`);
			const names = JSON.parse(needed?.[0] || "[]") as string[];
			if (names.length === 0) return [];
			const [row] = await sql([accountStatements(names)], `look at the roles of ${live}`);
			return JSON.parse(row?.[0] || "[]");
		},
		async missing(accounts) {
			if (accounts.length === 0) return [];
			const there = new Set(
				(
					await sql(
						[`SELECT rolname FROM pg_roles WHERE rolname IN (${accounts.map(literal).join(", ")})`],
						"look for roles",
					)
				).flat(),
			);
			return accounts.filter((name) => !there.has(name));
		},
		async createAccounts(accounts) {
			await sql(["BEGIN", ...accounts.flatMap(({ statements }) => statements), "COMMIT"], "create roles");
		},
		async dropAccounts(accounts) {
			for (const name of accounts)
				await sql([`DROP ROLE IF EXISTS ${identifier(name)}`], `drop the role ${name}`).catch(() => {});
		},
		async load(file, facts, fresh, work) {
			const { owner, encoding, collate, ctype, icu } = facts as Facts;
			const locale = icu ? ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(icu)}` : "";
			await sql(
				[
					`CREATE DATABASE ${identifier(fresh)} OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}${locale}`,
					...applyProperties(fresh, facts as Facts),
				],
				`make a database for ${live}`,
			);
			const restore = ["pg_restore", "--exit-on-error", ...connection(fresh)];
			const doing = `load the dump of ${live}`;
			// Side by side needs a file that it can seek in, which the server's user may not reach; a pipe does for a small one.
			const jobs = Math.min(availableParallelism(), MOST_JOBS);
			if (jobs > 1 && (await stat(file)).size >= LARGE_BYTES && process.getuid?.() === 0)
				await perform(client, doing, [...restore, `--jobs=${jobs}`, file], work);
			else await perform(client, doing, [...restore, "--single-transaction"], work, createReadStream(file));
			await sql(["ANALYZE"], `analyse ${fresh}`, fresh);
		},
		async swap(fresh, name, old) {
			const there = await present(fresh, name);
			if (!there.has(fresh))
				throw new HoldfastError("failed", `there is no database ${fresh} to put in the place of ${name}`);
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
		async swapBack(fresh, name, old) {
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
			if (hasOld || (hasLive && hasFresh))
				await sql(
					[`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`],
					`open the database ${name} again`,
				);
		},
		async drop(name) {
			if (!(await exists(name))) return;
			await sql([`DROP DATABASE ${identifier(name)} WITH (FORCE)`], `drop the database ${name}`);
		},
	};
}
