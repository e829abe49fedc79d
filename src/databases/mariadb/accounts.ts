// The accounts that may do something with a database, and what they may do with it.
import type { DatabaseAccount } from "../database.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** The tables of grants below the whole server's (MariaDB Knowledge Base, "The mysql Database Tables"). */
const GRANTS = ["db", "tables_priv", "columns_priv", "procs_priv"];

/** MySQL's hashes hold bytes that are no text (its Reference Manual, "print_identified_with_as_hex"); MariaDB skips it. */
const HASHES_IN_HEX = "SET @holdfast = 1 /*!80017 , SESSION print_identified_with_as_hex = ON */";

/** By `user@host`. A password is kept as the server keeps it, hashed. */
export async function accountsOf(server: Server, database: string): Promise<DatabaseAccount[]> {
	// In grants on databases "_" and "%" are wildcards, which "\" takes that meaning from.
	const escaped = database.replace(/[_%]/g, "\\$&");
	const rows = await server.sql(
		[
			GRANTS.map(
				(table) =>
					`SELECT DISTINCT User, Host FROM mysql.${table} WHERE Db IN (${literal(database)}, ${literal(escaped)})`,
			).join(" UNION "),
		],
		`look for the accounts of ${database}`,
	);
	const accounts: DatabaseAccount[] = [];
	for (const [user = "", host = ""] of rows) {
		const who = `${literal(user)}@${literal(host)}`;
		const made = await server.sql(
			[HASHES_IN_HEX, `SHOW CREATE USER ${who}`],
			`look at the account ${user}@${host}`,
		);
		const grants = await server.sql([`SHOW GRANTS FOR ${who}`], `look at the account ${user}@${host}`);
		const own = grants.flat().filter((grant) => / ON `/.test(grant) && names(grant, [database, escaped]));
		accounts.push({ name: `${user}@${host}`, statements: [...made.flat(), ...own] });
	}
	return accounts;
}

function names(grant: string, databases: readonly string[]): boolean {
	return databases.some((one) => grant.includes(` ON \`${one.replaceAll("`", "``")}\`.`));
}

export function dropAccount(name: string): string {
	const at = name.lastIndexOf("@");
	return `DROP USER IF EXISTS ${literal(name.slice(0, at))}@${literal(name.slice(at + 1))}`;
}
