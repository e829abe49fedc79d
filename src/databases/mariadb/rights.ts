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

/** What an account with this privilege may do is not limited by others. */
const ADMINISTRATOR = "SUPER";
/** What an account needs on the whole server, if it has it there, to create views of other databases. */
const TO_READ = ["SELECT", "EXECUTE", "SHOW VIEW"];

/**
 * The rights of an account and its roles on this and other databases, and to read all of them, in the form of GRANT. Undefined for
 * an administrator of the server. Other privileges on the server are not included.
 */
export async function rightsOf(server: Server, account: AccountName): Promise<string[] | undefined> {
	const all = [account, ...(await rolesOf(server, account))];
	// A role has no host, in both formats.
	const grantee = `grantee IN (${all.map(({ user, host }) => literal(`'${user}'@'${host}'`)).join(", ")})`;
	const who = `(User, Host) IN (${all.map(({ user, host }) => `(${literal(user)}, ${literal(host)})`).join(", ")})`;
	const look = (query: string) => server.sql([query], `read the privileges of ${accountText(account)}`);
	const from = (table: string, columns: string) =>
		look(
			`SELECT privilege_type${columns} FROM information_schema.${table} WHERE ${grantee} AND privilege_type <> 'USAGE'`,
		);
	const whole = (await from("user_privileges", "")).flat();
	if (whole.includes(ADMINISTRATOR)) return undefined;
	const on = (...parts: string[]) => parts.map(identifier).join(".");
	return [
		...TO_READ.filter((right) => whole.includes(right)).map((right) => `${right} ON *.*`),
		...(await from("schema_privileges", ", table_schema")).map(
			([right, schema = ""]) => `${right} ON ${on(schema)}.*`,
		),
		...(await from("table_privileges", ", table_schema, table_name")).map(
			([right, schema = "", table = ""]) => `${right} ON ${on(schema, table)}`,
		),
		...(await from("column_privileges", ", table_schema, table_name, column_name")).map(
			([right, schema = "", table = "", column = ""]) => `${right} (${on(column)}) ON ${on(schema, table)}`,
		),
		...(
			await look(
				`SELECT Routine_type, Db, Routine_name FROM mysql.procs_priv WHERE ${who} AND FIND_IN_SET('Execute', Proc_priv) > 0 AND Routine_type IN ('FUNCTION', 'PROCEDURE')`,
			)
		).map(([kind, schema = "", name = ""]) => `EXECUTE ON ${kind} ${on(schema, name)}`),
	];
}

/** The roles of an account, and theirs. */
async function rolesOf(server: Server, account: AccountName): Promise<AccountName[]> {
	const { product } = await server.product();
	const rows = await server.sql(
		[
			product === "MariaDB"
				? "SELECT User, Host, Role, '' FROM mysql.roles_mapping"
				: "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges",
		],
		`list the roles of ${accountText(account)}`,
	);
	const found = new Map<string, AccountName>();
	const add = ({ user, host }: AccountName) => {
		for (const [member, from, role = "", at = ""] of rows) {
			const one = { user: role, host: at };
			if (member !== user || from !== host || found.has(accountText(one))) continue;
			found.set(accountText(one), one);
			add(one);
		}
	};
	add(account);
	return [...found.values()];
}
