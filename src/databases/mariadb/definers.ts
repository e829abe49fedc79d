// Whose rights the objects of a dump would run with. Of an archive that this machine did not write as it is now, nothing
// gets more rights than the database's own accounts have: a view of root's could read all that the server holds.
import { HoldfastError } from "../../values/error.ts";
import { type AccountName, accountText, identifier, literal, pattern } from "./names.ts";
import { creation, objectsOf, type StoredObject } from "./objects.ts";
import type { Server } from "./server.ts";

/** Fails when one of these would run as an account that has rights beyond the database. */
export async function requireOwnDefiners(
	server: Server,
	database: string,
	hasLive: boolean,
	objects: readonly StoredObject[],
): Promise<void> {
	// What the live database does just so already is no more than it had.
	const known = new Set(hasLive ? (await objectsOf(server, database)).map((one) => creation(one)) : []);
	const others = objects.filter((one) => !known.has(creation(one)));
	const definers = new Map(others.map(({ definer }) => [accountText(definer), definer]));
	const faults: string[] = [];
	for (const [name, definer] of definers) {
		const why = await beyond(server, database, definer);
		if (why === undefined) continue;
		const theirs = others.filter((one) => accountText(one.definer) === name);
		faults.push(
			`${name}, ${why}: ${theirs
				.slice(0, 5)
				.map((one) => `${one.kind.toLowerCase()} ${one.name}`)
				.join(", ")}${theirs.length > 5 ? ` and ${theirs.length - 5} more` : ""}`,
		);
	}
	if (faults.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the dump of ${database} holds what would run with the rights of accounts that reach beyond it`,
		{
			details: faults,
			hint: "this machine did not write this archive as it is now; if you trust what it holds, restore it with --trust-archive",
		},
	);
}

/** Why an account is not the database's own, in words. */
export async function beyond(
	server: Server,
	database: string,
	account: AccountName,
): Promise<string | undefined> {
	const { user, host } = account;
	const { product } = await server.product();
	const [[there] = []] = await server.sql(
		[`SELECT count(*) FROM mysql.user WHERE User = ${literal(user)} AND Host = ${literal(host)}`],
		"look for accounts",
	);
	// Whoever is called so later may have any rights.
	if (there === "0") return "which this server does not have";
	const who = `User = ${literal(user)} AND Host = ${literal(host)}`;
	// As the information schema writes accounts.
	const grantee = `grantee = ${literal(`'${user}'@'${host}'`)}`;
	const other = `NOT IN (${literal(database)}, ${literal(pattern(database))})`;
	const found = await server.sql(
		[
			[
				`SELECT 1 FROM information_schema.user_privileges WHERE ${grantee} AND privilege_type <> 'USAGE'`,
				...["schema_privileges", "table_privileges", "column_privileges"].map(
					(table) => `SELECT 1 FROM information_schema.${table} WHERE ${grantee} AND table_schema ${other}`,
				),
				`SELECT 1 FROM mysql.procs_priv WHERE ${who} AND Db ${other}`,
				`SELECT 1 FROM mysql.proxies_priv WHERE ${who}`,
				product === "MariaDB"
					? `SELECT 1 FROM mysql.roles_mapping WHERE ${who}`
					: `SELECT 1 FROM mysql.role_edges WHERE TO_USER = ${literal(user)} AND TO_HOST = ${literal(host)}`,
			].join(" UNION ALL "),
		],
		`look at the rights of ${accountText(account)}`,
	);
	return found.length === 0 ? undefined : "who has rights beyond this database";
}

/**
 * What an account may do with this and other databases, as it stands in a grant; undefined for one with rights over the
 * server. Those of its roles are not among them.
 */
export async function rightsOf(server: Server, account: AccountName): Promise<string[] | undefined> {
	const { user, host } = account;
	const grantee = `grantee = ${literal(`'${user}'@'${host}'`)}`;
	const who = `User = ${literal(user)} AND Host = ${literal(host)}`;
	const look = (query: string) => server.sql([query], `look at the rights of ${accountText(account)}`);
	const from = (table: string, columns = "") =>
		look(
			`SELECT privilege_type, table_schema${columns} FROM information_schema.${table} WHERE ${grantee} AND privilege_type <> 'USAGE'`,
		);
	const whole = await look(
		`SELECT 1 FROM information_schema.user_privileges WHERE ${grantee} AND privilege_type <> 'USAGE' UNION ALL SELECT 1 FROM mysql.proxies_priv WHERE ${who}`,
	);
	if (whole.length > 0) return undefined;
	const on = (...parts: string[]) => parts.map(identifier).join(".");
	return [
		...(await from("schema_privileges")).map(([right, schema = ""]) => `${right} ON ${on(schema)}.*`),
		...(await from("table_privileges", ", table_name")).map(
			([right, schema = "", table = ""]) => `${right} ON ${on(schema, table)}`,
		),
		...(await from("column_privileges", ", table_name, column_name")).map(
			([right, schema = "", table = "", column = ""]) => `${right} (${on(column)}) ON ${on(schema, table)}`,
		),
		...(
			await look(
				`SELECT Routine_type, Db, Routine_name FROM mysql.procs_priv WHERE ${who} AND FIND_IN_SET('Execute', Proc_priv) > 0 AND Routine_type IN ('FUNCTION', 'PROCEDURE')`,
			)
		).map(([kind, schema = "", name = ""]) => `EXECUTE ON ${kind} ${on(schema, name)}`),
	];
}
