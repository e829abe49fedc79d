// Queries about databases: which exist, and the server's version.
import { LONG_QUESTION_SECONDS } from "../client.ts";
import type { Ask } from "./ask.ts";
import { identifier, literal } from "./names.ts";

export async function majorVersion(sql: Ask): Promise<number> {
	const [[number = "0"] = []] = await sql(["SHOW server_version_num"], "ask PostgreSQL for its version");
	return Math.floor(Number(number) / 10_000);
}

/** All databases except system databases and our own temporary ones. */
export async function databasesOf(sql: Ask): Promise<string[]> {
	const rows = await sql(
		["SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn AND datname <> 'postgres'"],
		"ask PostgreSQL for its databases",
	);
	return rows.flat().filter((name) => !name.startsWith("holdfast_"));
}

/** The names in this list that exist. */
export async function presentOf(sql: Ask, ...names: readonly string[]): Promise<Set<string>> {
	const rows = await sql(
		[`SELECT datname FROM pg_database WHERE datname IN (${names.map(literal).join(", ")})`],
		`check whether the database exists: ${names[0]}`,
	);
	return new Set(rows.flat());
}

/** Does nothing if the database does not exist. */
export async function dropDatabase(sql: Ask, name: string): Promise<void> {
	if (!(await presentOf(sql, name)).has(name)) return;
	await sql(
		[`DROP DATABASE ${identifier(name)} WITH (FORCE)`],
		`drop the database ${name}`,
		"postgres",
		LONG_QUESTION_SECONDS,
	);
}
