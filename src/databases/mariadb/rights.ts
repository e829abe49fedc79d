// Find out what an account may do with a database and beyond it.
import { type AccountName, accountText, identifier, literal, pattern } from "./names.ts";
import type { Server } from "./server.ts";

/** The reason why an account has more than rights on this database. Undefined if it has not. */
export async function rightsBeyond(
	server: Server,
	database: string,
	account: AccountName,
): Promise<string | undefined> {
	const { user, host } = account;
	const { product } = await server.product();
	const [[there] = []] = await server.sql(
		[`SELECT count(*) FROM mysql.user WHERE User = ${literal(user)} AND Host = ${literal(host)}`],
		"list the accounts",
	);
	// An account created later with this name could have any rights.
	if (there === "0") return "which does not exist on this server";
	const who = `User = ${literal(user)} AND Host = ${literal(host)}`;
	// The format in which the information schema writes accounts.
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
		`read the privileges of ${accountText(account)}`,
	);
	return found.length === 0 ? undefined : "which has privileges on other databases";
}

/**
 * The rights of an account on this and other databases, in the form of GRANT. Undefined for an account with rights on
 * the server. Rights from its roles are not included.
 */
export async function rightsOf(server: Server, account: AccountName): Promise<string[] | undefined> {
	const { user, host } = account;
	const grantee = `grantee = ${literal(`'${user}'@'${host}'`)}`;
	const who = `User = ${literal(user)} AND Host = ${literal(host)}`;
	const look = (query: string) => server.sql([query], `read the privileges of ${accountText(account)}`);
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
