// What MySQL alone has of its databases: general tablespaces, which belong to the server; databases that are read-only; and
// second passwords of accounts (MySQL Reference Manual, "General Tablespaces", "ALTER DATABASE", "Dual Password Support").
import * as v from "valibot";
import type { DumpFacts } from "../database.ts";
import { grantees } from "./accounts.ts";
import { isDenied } from "./denied.ts";
import { accountText, literal } from "./names.ts";
import type { Server } from "./server.ts";
import { says } from "./temporary.ts";

const MAX_NAMED = 20;

const isMysql = async (server: Server) => (await server.product()).product === "MySQL";

/** Those of the server's own that any of its databases uses; none if we may not look, for which MySQL wants PROCESS. */
async function tablespacesOf(server: Server, database: string): Promise<string[]> {
	if (!(await isMysql(server))) return [];
	const rows = await server
		.sql(
			[
				`SELECT DISTINCT s.NAME FROM information_schema.INNODB_TABLES t JOIN information_schema.INNODB_TABLESPACES s ON s.SPACE = t.SPACE WHERE s.SPACE_TYPE = 'General' AND SUBSTRING_INDEX(t.NAME, '/', 1) = ${literal(folderOf(database))} ORDER BY 1`,
			],
			`list the tablespaces of ${database}`,
		)
		.catch((error: unknown) => {
			if (isDenied(error)) return [];
			throw error;
		});
	return rows.flat();
}

/** How MySQL writes a database's name in the names of its tables: what is no ASCII letter, digit or `_` as `@` and four hexadecimal digits. */
const folderOf = (database: string) =>
	database.replace(/[^A-Za-z0-9_]/g, (sign) => `@${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** As a fact about a dump, whose tables are made in these. */
export async function tablespaceFacts(
	server: Server,
	database: string,
): Promise<{ readonly tablespaces?: string[] }> {
	const tablespaces = await tablespacesOf(server, database);
	return tablespaces.length === 0 ? {} : { tablespaces };
}

/** Why this server cannot load a dump with these facts. */
export async function tablespaceObstacles(server: Server, { tablespaces }: DumpFacts): Promise<string[]> {
	const wanted = v.safeParse(v.array(v.string()), tablespaces);
	if (!wanted.success || wanted.output.length === 0) return [];
	const rows = await server.sql(
		["SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE SPACE_TYPE = 'General'"],
		"list the tablespaces of the server",
	);
	const there = new Set(rows.flat());
	return wanted.output
		.filter((name) => !there.has(name))
		.slice(0, MAX_NAMED)
		.map(
			(name) =>
				`its tables are in the tablespace ${name}, which this server does not have: create it first, for example with CREATE TABLESPACE \`${name}\` ADD DATAFILE '${name}.ibd'`,
		);
}

/** A database that is read-only can be neither replaced nor put back. */
export async function readOnlyObstacles(server: Server, database: string): Promise<string[]> {
	return (await isReadOnly(server, database))
		? [
				`it is read-only now: allow writing for the restore with ALTER DATABASE \`${database}\` READ ONLY = 0, and set it again afterwards`,
			]
		: [];
}

async function isReadOnly(server: Server, database: string): Promise<boolean> {
	if (!(await isMysql(server))) return false;
	const rows = await server
		.sql(
			[
				`SELECT 1 FROM information_schema.schemata_extensions WHERE schema_name = ${literal(database)} AND options LIKE '%READ ONLY=1%'`,
			],
			`ask whether ${database} is read-only`,
		)
		.catch((error: unknown) => {
			// "Unknown table": before 8.0.22 no database could be.
			if (says(error, /^ERROR 1109 \(/)) return [];
			throw error;
		});
	return rows.length > 0;
}

/** What a restore does not bring back. */
export async function mysqlNotes(server: Server, database: string): Promise<string[]> {
	if (!(await isMysql(server))) return [];
	const tablespaces = await tablespacesOf(server, database);
	const second = await server
		.sql(
			[
				`SELECT User, Host FROM mysql.user WHERE (User, Host) IN (${grantees(database)}) AND JSON_CONTAINS_PATH(User_attributes, 'one', '$.additional_password')`,
			],
			`look for second passwords`,
		)
		.catch((error: unknown) => {
			if (isDenied(error)) return [];
			throw error;
		});
	return [
		...(tablespaces.length > 0
			? [
					`the tablespaces ${tablespaces.slice(0, MAX_NAMED).join(", ")}, in which tables of it are, belong to the entire server and are not backed up: a restore on another server needs them to be created there first`,
				]
			: []),
		...(second.length > 0
			? [
					`the second passwords of ${second
						.slice(0, MAX_NAMED)
						.map(([user = "", host = ""]) => accountText({ user, host }))
						.join(", ")} are not backed up: the server does not show them`,
				]
			: []),
		...((await isReadOnly(server, database))
			? ["that it is read-only does not come back: set it again after a restore"]
			: []),
	];
}
