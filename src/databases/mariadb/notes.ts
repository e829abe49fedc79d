// What a restore does not bring back as it is now. It is said when the backup is made, since afterwards it is too late.
import { grantees } from "./accounts.ts";
import { isDenied } from "./denied.ts";
import { crossKeys } from "./foreign-keys.ts";
import { dumpsHistory, versionedTables } from "./history.ts";
import { mysqlNotes } from "./mysql.ts";
import { literal, pattern } from "./names.ts";
import type { Server } from "./server.ts";
import { engineNotes } from "./storage-engines.ts";

/** Accounts may be closed to us, which the backup says by itself: then nothing is said about them here. */
export async function notesOf(server: Server, database: string): Promise<string[]> {
	const ask = (query: string) =>
		server.sql([query], `look for what a dump of ${database} leaves out`).catch((error: unknown) => {
			if (isDenied(error)) return [];
			throw error;
		});
	const notes = [
		...(await accountsLeftOut(ask, database)),
		...(await thingsOfServer(ask)),
		...(await historyLeftOut(server, database)),
		...(await keysUnseen(server, database)),
		...(await engineNotes(server, database)),
		...(await mysqlNotes(server, database)),
	];
	return notes.map((note) => `${server.client.server} database ${database}: ${note}`);
}

type Ask = (query: string) => Promise<string[][]>;

/**
 * Accounts whose privileges reach beyond the database are not in its archive: there they would come back with privileges on
 * other databases, of a server that may hold others by then.
 */
async function accountsLeftOut(ask: Ask, database: string): Promise<string[]> {
	const where = literal(database);
	const definers = ["views|table", "routines|routine", "triggers|trigger", "events|event"].map((one) => {
		const [from, schema] = one.split("|");
		return `SELECT definer FROM information_schema.${from} WHERE ${schema}_schema = ${where}`;
	});
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
	];
}

/** Not known is which of them the database uses. Those that the server has are few, if any. */
async function thingsOfServer(ask: Ask): Promise<string[]> {
	const belongs = "belong to the entire server and are not backed up: the database may need them";
	const functions = await ask("SELECT name FROM mysql.func ORDER BY 1 LIMIT 20");
	const servers = await ask("SELECT Server_name FROM mysql.servers ORDER BY 1 LIMIT 20");
	return [
		...(functions.length > 0 ? [`the loadable functions ${functions.flat().join(", ")} ${belongs}`] : []),
		...(servers.length > 0 ? [`the servers ${servers.flat().join(", ")} (CREATE SERVER) ${belongs}`] : []),
	];
}

async function historyLeftOut(server: Server, database: string): Promise<string[]> {
	const tables = await versionedTables(server, database);
	if (tables.length === 0 || (await dumpsHistory(server))) return [];
	return [
		`the history of the system-versioned tables ${tables.slice(0, 20).join(", ")} is not in the dump, which has only their current rows: MariaDB can dump history since 10.11`,
	];
}

async function keysUnseen(server: Server, database: string): Promise<string[]> {
	const { unseen = false } = await crossKeys(server, database);
	return unseen
		? [
				"foreign keys between it and other databases cannot be seen by the configured account: grant it PROCESS, or a restore of a database that has some may fail, or leave those of others with the old tables",
			]
		: [];
}
