// Query a server with psql. Statements contain text from elsewhere, and psql has commands of its own (`\!`), so each
// statement is sent to psql as hex; \gexec sends the decoded text to the server unchanged (psql's manual, "\gexec":
// commands and variables in it are not expanded).
import { setTimeout as pause } from "node:timers/promises";
import { execText } from "../../host/exec.ts";
import { type Client, fault, QUESTION_SECONDS, questionOptions } from "../client.ts";
import { conninfo } from "./names.ts";
import type { PostgresqlDump } from "./schema.ts";

/** Separates columns. This character does not occur in names or locales. */
const SEPARATOR = "\u001f";

/** The server reports this while it starts or recovers from a crash. None of our statements has run. */
const COMING_UP =
	/FATAL: +the database system is (starting up|in recovery mode|not yet accepting connections)/;
/** Without a connection: otherwise psql's first line names a line of the script, and what follows may be a service's text. */
const isComingUp = ([first = "", ...others]: readonly string[]) =>
	/^psql: (?!warning)/.test(first) && [first, ...others].some((line) => COMING_UP.test(line));
const COMING_UP_MS = 60_000;
const POLL_MS = 250;

/**
 * Override every setting that could change the meaning of our SQL: the database's owner can set them for all sessions.
 * In particular, the owner must not be able to substitute other functions or tables for the ones we name.
 */
const plain = (seconds: number) =>
	`SET ROLE NONE; SET search_path TO pg_catalog; SET quote_all_identifiers TO off; SET DateStyle TO ISO; SET default_transaction_read_only TO off; SET standard_conforming_strings TO on; SET statement_timeout TO '${seconds}s'; SET lock_timeout TO 0;\n${HEEDING}\n`;

/** Since PostgreSQL 14 the server can cancel a query whose client is gone. Not every platform supports that. */
const HEEDING = [
	"\\set ON_ERROR_STOP 0",
	"SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval' \\g /dev/null",
	"\\set ON_ERROR_STOP 1",
].join("\n");

export interface Connection {
	readonly client: Client;
	/** The connection arguments of a command. */
	readonly where: readonly string[];
}

/** Run statements in order over one connection and return the rows of all. Waits for a server that is starting up. */
export type Ask = (
	statements: readonly string[],
	doing: string,
	database?: string,
	/** Time limit for each statement. Increase it where the duration grows with the amount of data. */
	seconds?: number,
) => Promise<string[][]>;

/** The server's address and the user to connect as, from the fields of a dump. */
export function connectionOf(
	{ user, host, port, pgService }: Pick<PostgresqlDump, "user" | "host" | "port" | "pgService">,
	signal?: AbortSignal,
): Connection {
	return {
		client: {
			server: "PostgreSQL",
			programs: "postgresql-client",
			look: lookAt(host, pgService),
			password:
				"name a service with pgService, and the password in the file .pgpass of the user that connects (see docs/how-to/databases.md, Server address and user)",
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

/** Only where the server is on this machine does its unit tell anything. */
function lookAt(host: string | undefined, service: string | undefined): string {
	if (service !== undefined)
		return `is the server up? Its address is in the service ${service} of pg_service.conf`;
	return host === undefined || host.startsWith("/")
		? "is the server up? See: systemctl status postgresql"
		: `is the server on ${host} up, and does it accept connections from this machine?`;
}

export function connectionTo({ where }: Connection, database: string): string[] {
	return [...where, `--dbname=${conninfo(database)}`];
}

export function asker(connection: Connection): Ask {
	return (statements, doing, database = "postgres", seconds = QUESTION_SECONDS) =>
		run(connection, plain(seconds) + statements.map(inHex).join(""), doing, database, seconds);
}

export interface Where {
	/** A host name, or the folder of a Unix socket. */
	readonly host: string;
	readonly port: string;
	readonly encrypted: boolean;
}

/** The server that psql actually connects to. */
export async function whereIs(connection: Connection): Promise<Where> {
	const [[host = "", port = "", encrypted = ""] = []] = await run(
		connection,
		"SELECT :'HOST', :'PORT', ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid();\n",
		"find the server",
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
		if (!isComingUp(result.stderr) || performance.now() > until) throw fault(client, doing, result);
		await pause(POLL_MS, undefined, client.signal ? { signal: client.signal } : {});
	}
}
