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
		`check whether the database ${names[0]} exists`,
	);
	return new Set(rows.flat());
}

/** Does nothing if the database does not exist. */
export async function dropDatabase(sql: Ask, name: string): Promise<void> {
	if (!(await presentOf(sql, name)).has(name)) return;
	await dropSubscriptions(sql, name);
	await sql(
		[`DROP DATABASE ${identifier(name)} WITH (FORCE)`],
		`drop the database ${name}`,
		"postgres",
		LONG_QUESTION_SECONDS,
	);
}

/**
 * A database with subscriptions cannot be dropped. The slots on their publishers are left: the database in its place has the same
 * subscriptions, and continues with them.
 */
async function dropSubscriptions(sql: Ask, name: string): Promise<void> {
	const doing = `drop the subscriptions of ${name}`;
	const rows = await sql(
		[
			`SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = ${literal(name)})`,
		],
		doing,
	);
	if (rows.length === 0) return;
	await sql([`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`], doing);
	const drops = rows.flatMap(([one = ""]) => [
		`ALTER SUBSCRIPTION ${identifier(one)} DISABLE`,
		`ALTER SUBSCRIPTION ${identifier(one)} SET (slot_name = NONE)`,
		`DROP SUBSCRIPTION ${identifier(one)}`,
	]);
	// Its event triggers would run as we do, those that are ENABLE ALWAYS in a replica's session too. Commands about event triggers
	// start none ("Overview of Event Trigger Behavior").
	const triggers = await sql(["SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D'"], doing, name);
	const disable = triggers.map(([one = ""]) => `ALTER EVENT TRIGGER ${identifier(one)} DISABLE`);
	await sql([...disable, "SET session_replication_role TO replica", ...drops], doing, name);
}
