// Who is a member of which role. A role of MariaDB is an account without a host; with MySQL every account can be one.
import { type AccountName, accountLiteral, accountText } from "./names.ts";
import type { Product, Server } from "./server.ts";

export interface Membership {
	readonly member: AccountName;
	readonly role: AccountName;
	/** Whether the member may grant the role to others. */
	readonly isAdmin: boolean;
	/** Whether the member has the role from the beginning of each session. */
	readonly isDefault: boolean;
}

/** The columns of mysql.user for privileges on the whole server (MariaDB Knowledge Base, "mysql.user Table"). */
const GLOBAL =
	`Select Insert Update Delete Create Drop Reload Shutdown Process File Grant References Index Alter Show_db
	Super Create_tmp_table Lock_tables Execute Repl_slave Repl_client Create_view Show_view Create_routine Alter_routine
	Create_user Event Trigger Create_tablespace`
		.split(/\s+/)
		.map((one) => `u.${one}_priv`)
		.join(", ");

/** Whether a member has none of these. `user` and `host`: columns. */
const hasNoneOnServer = (user: string, host: string) =>
	`NOT EXISTS (SELECT 1 FROM mysql.user u WHERE u.User = ${user} AND u.Host = ${host} AND 'Y' IN (${GLOBAL}))`;

/** MySQL Reference Manual, "Grant Tables". */
const QUERIES: Record<Product, string> = {
	MariaDB: `SELECT m.User, m.Host, m.Role, '', m.Admin_option, IF(EXISTS (SELECT 1 FROM mysql.user d WHERE d.User = m.User AND d.Host = m.Host AND d.default_role = m.Role), 'Y', 'N') FROM mysql.roles_mapping m WHERE ${hasNoneOnServer("m.User", "m.Host")}`,
	MySQL: `SELECT e.TO_USER, e.TO_HOST, e.FROM_USER, e.FROM_HOST, e.WITH_ADMIN_OPTION, IF(EXISTS (SELECT 1 FROM mysql.default_roles d WHERE d.USER = e.TO_USER AND d.HOST = e.TO_HOST AND d.DEFAULT_ROLE_USER = e.FROM_USER AND d.DEFAULT_ROLE_HOST = e.FROM_HOST), 'Y', 'N') FROM mysql.role_edges e WHERE ${hasNoneOnServer("e.TO_USER", "e.TO_HOST")} AND NOT EXISTS (SELECT 1 FROM mysql.global_grants g WHERE g.USER = e.TO_USER AND g.HOST = e.TO_HOST)`,
};

/**
 * An account may have its rights only by a role, and a role by another. Accounts and roles with privileges on the whole server
 * belong to the server, and so does who has rights here only by one of these. `direct`: those that have rights themselves.
 */
export async function withMembers(
	server: Server,
	database: string,
	direct: readonly AccountName[],
): Promise<{ readonly accounts: readonly AccountName[]; readonly memberships: readonly Membership[] }> {
	const { product } = await server.product();
	// Only a role of its own can have members with MariaDB.
	if (product === "MariaDB" && direct.every(({ host }) => host !== ""))
		return { accounts: direct, memberships: [] };
	const rows = await server.sql([QUERIES[product]], `list the roles of ${database}`);
	const all = rows.map(([user = "", host = "", role = "", at = "", admin, begins]): Membership => {
		const member = { user, host };
		return { member, role: { user: role, host: at }, isAdmin: admin === "Y", isDefault: begins === "Y" };
	});
	const known = new Map(direct.map((one) => [accountText(one), one]));
	for (let more = true; more; ) {
		more = false;
		for (const { member, role } of all) {
			if (!known.has(accountText(role)) || known.has(accountText(member))) continue;
			known.set(accountText(member), member);
			more = true;
		}
	}
	return {
		accounts: [...known.values()],
		memberships: all.filter(({ role }) => known.has(accountText(role))),
	};
}

/** Grant roles to an account, and set those that it begins with. */
export function membershipStatements(
	product: Product,
	member: AccountName,
	roles: readonly (AccountName & { readonly isAdmin?: true; readonly isDefault?: true })[],
): string[] {
	const who = accountLiteral(member);
	const begins = roles.filter(({ isDefault }) => isDefault);
	return [
		...roles.map(
			(role) => `GRANT ${accountLiteral(role)} TO ${who}${role.isAdmin ? " WITH ADMIN OPTION" : ""}`,
		),
		...(begins.length === 0
			? []
			: [
					`SET DEFAULT ROLE ${begins.map(accountLiteral).join(", ")} ${product === "MariaDB" ? "FOR" : "TO"} ${who}`,
				]),
	];
}
