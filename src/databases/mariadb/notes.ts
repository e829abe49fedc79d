// What a restore does not bring back as it is now. It is said when the backup is made, since afterwards it is too late.
import { grantees } from "./accounts.ts";
import { literal, pattern } from "./names.ts";
import type { Server } from "./server.ts";

/**
 * Accounts whose privileges reach beyond the database are not in its archive: those of its objects that run as them need them.
 * Nothing if we may not read the accounts, which the backup says by itself.
 */
export async function notesOf(server: Server, database: string): Promise<string[]> {
	const where = literal(database);
	const doing = `look for what a dump of ${database} leaves out`;
	const definers = ["views|table", "routines|routine", "triggers|trigger", "events|event"].map((one) => {
		const [from, schema] = one.split("|");
		return `SELECT definer FROM information_schema.${from} WHERE ${schema}_schema = ${where}`;
	});
	const ask = (query: string) => server.sql([query], doing).catch(() => []);
	const wide = await ask(
		`SELECT CONCAT(u.User, '@', u.Host) FROM mysql.user u JOIN (${definers.join(" UNION ")}) d ON d.definer = CONCAT(u.User, '@', u.Host) WHERE u.Super_priv <> 'Y' AND NOT EXISTS (SELECT 1 FROM (${grantees(database)}) g WHERE g.User = u.User AND g.Host = u.Host)`,
	);
	const byPattern = await ask(
		`SELECT CONCAT(User, '@', Host), Db FROM mysql.db WHERE ${where} LIKE Db AND Db NOT IN (${where}, ${literal(pattern(database))})`,
	);
	return [
		...wide.map(
			([who]) =>
				`the account ${who} has no privileges on the database alone and is not backed up: on a server without it, the views and routines that run as it fail`,
		),
		...byPattern.map(
			([who, name]) =>
				`the account ${who} has its privileges on ${name}, not on this database, and is not backed up`,
		),
	].map((note) => `MariaDB database ${database}: ${note}`);
}
