// How to ask a server: psql, with where it is and as whom. What it is asked holds words from elsewhere, and psql knows
// commands of its own (`\!`): so each statement reaches it in hex, and \gexec sends the decoded
// text to the server unchanged (psql's manual, "\gexec": commands and variables in it are not expanded).
import { setTimeout as pause } from "node:timers/promises";
import { execText } from "../../host/exec.ts";
import { type Client, fault, QUESTION_SECONDS, questionOptions } from "../client.ts";
import { conninfo } from "./names.ts";
import type { PostgresqlDump } from "./schema.ts";

/** A query's columns: not a character that a name or a locale has. */
const SEPARATOR = "\u001f";

/** What a server says that has just been started, or goes over its log after it died: nothing of ours was run. */
const COMING_UP =
	/FATAL: +the database system is (starting up|in recovery mode|not yet accepting connections)/;
const COMING_UP_MS = 60_000;
const POLL_MS = 250;

/**
 * Not a setting of the database may change what our words mean: its owner can set any of these for whoever connects.
 * What a function or table is called must not be theirs to give another meaning to.
 */
const plain = (seconds: number) =>
	`SET ROLE NONE; SET search_path TO pg_catalog; SET quote_all_identifiers TO off; SET DateStyle TO ISO; SET statement_timeout TO '${seconds}s'; SET lock_timeout TO 0;\n${HEEDING}\n`;

/** Since PostgreSQL 14 a server can end what goes on for a client that is gone; not every system can. */
const HEEDING = [
	"\\set ON_ERROR_STOP 0",
	"SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval' \\g /dev/null",
	"\\set ON_ERROR_STOP 1",
].join("\n");

export interface Connection {
	readonly client: Client;
	/** Words of a command that say where the server is. */
	readonly where: readonly string[];
}

/** Statements one after another over one connection; the rows of all. Waits for a server that comes up. */
export type Ask = (
	statements: readonly string[],
	doing: string,
	database?: string,
	/** For each of them; what takes as long as the data are large needs more than the rest. */
	seconds?: number,
) => Promise<string[][]>;

/** As a dump says where its server is, and as whom it is asked. */
export function connectionOf(
	{ user, host, port, pgService }: Pick<PostgresqlDump, "user" | "host" | "port" | "pgService">,
	signal?: AbortSignal,
): Connection {
	return {
		client: {
			server: "PostgreSQL",
			programs: "postgresql-client",
			look: "is the server up? See: systemctl status postgresql",
			user: user ?? (process.getuid?.() === 0 ? "postgres" : undefined),
			signal,
			env: {
				PGCONNECT_TIMEOUT: "10",
				PGCLIENTENCODING: "UTF8",
				...(pgService === undefined ? {} : { PGSERVICE: pgService }),
			},
		},
		where: [
			...(host === undefined ? [] : [`--host=${host}`]),
			...(port === undefined ? [] : [`--port=${port}`]),
		],
	};
}

export function connectionTo({ where }: Connection, database: string): string[] {
	return [...where, `--dbname=${conninfo(database)}`];
}

export function asker(connection: Connection): Ask {
	return (statements, doing, database = "postgres", seconds = QUESTION_SECONDS) =>
		run(connection, plain(seconds) + statements.map(inHex).join(""), doing, database, seconds);
}

export interface Where {
	/** A host, or the folder of a socket. */
	readonly host: string;
	readonly port: string;
	readonly encrypted: boolean;
}

/** Where psql is connected to. */
export async function whereIs(connection: Connection): Promise<Where> {
	const [[host = "", port = "", encrypted = ""] = []] = await run(
		connection,
		"SELECT :'HOST', :'PORT', ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid();\n",
		"ask where the server is",
		"postgres",
	);
	return { host, port, encrypted: encrypted === "t" };
}

function inHex(statement: string): string {
	const hex = Buffer.from(statement, "utf8").toString("hex");
	return `SELECT pg_catalog.convert_from(pg_catalog.decode('${hex}', 'hex'), 'UTF8') \\gexec\n`;
}

async function run(
	connection: Connection,
	script: string,
	doing: string,
	database: string,
	seconds?: number,
): Promise<string[][]> {
	const { client } = connection;
	const argv = [
		...["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", `--field-separator=${SEPARATOR}`],
		...[
			"--record-separator-zero",
			"--set=ON_ERROR_STOP=1",
			...connectionTo(connection, database),
			"--file=-",
		],
	];
	const until = performance.now() + COMING_UP_MS;
	for (;;) {
		const result = await execText(argv, { ...(await questionOptions(client, seconds)), input: script });
		if (result.code === 0)
			return result.text
				.split("\0")
				.filter((record) => record.trim() !== "")
				.map((record) => record.split(SEPARATOR));
		if (!result.stderr.some((line) => COMING_UP.test(line)) || performance.now() > until)
			throw fault(client, doing, result);
		await pause(POLL_MS, undefined, client.signal ? { signal: client.signal } : {});
	}
}
