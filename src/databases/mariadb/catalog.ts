// Queries about databases: which exist, their properties, their tables, and who is connected.
import { LONG_QUESTION_SECONDS } from "../client.ts";
import { identifier, literal, word } from "./names.ts";
import { type Server, sqlBy } from "./server.ts";

/** The options for CREATE DATABASE. */
export interface Properties {
	readonly charset: string;
	readonly collation: string;
	/** Undefined if the server has none (MariaDB before 10.5, MySQL). */
	readonly comment?: string;
}

export async function exists({ sql }: Server, name: string): Promise<boolean> {
	const found = await sql(
		[`SELECT 1 FROM information_schema.schemata WHERE schema_name = ${literal(name)}`],
		`check whether the database ${name} exists`,
	);
	return found.length > 0;
}

export async function propertiesOf({ sql }: Server, name: string): Promise<Properties> {
	const [[charset = "utf8mb4", collation = "utf8mb4_general_ci"] = []] = await sql(
		[
			`SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(name)}`,
		],
		`read the properties of the database ${name}`,
	);
	const commented = await sql(
		[
			"SELECT 1 FROM information_schema.columns WHERE table_schema = 'information_schema' AND table_name = 'SCHEMATA' AND column_name = 'SCHEMA_COMMENT'",
		],
		`read the properties of the database ${name}`,
	);
	if (commented.length === 0) return { charset, collation };
	const [[comment = ""] = []] = await sql(
		[`SELECT schema_comment FROM information_schema.schemata WHERE schema_name = ${literal(name)}`],
		`read the properties of the database ${name}`,
	);
	return { charset, collation, comment };
}

export async function tablesOf({ sql }: Server, name: string): Promise<string[]> {
	const rows = await sql(
		[
			`SELECT table_name FROM information_schema.tables WHERE table_schema = ${literal(name)} AND table_type IN ('BASE TABLE', 'SEQUENCE', 'SYSTEM VERSIONED') ORDER BY 1`,
		],
		`list the tables of ${name}`,
	);
	return rows.flat();
}

/** It must not exist. */
export function createNewStatement(name: string, properties: Properties): string {
	return createStatement(name, properties).replace(" IF NOT EXISTS", "");
}

export function createStatement(name: string, properties: Properties): string {
	return `CREATE DATABASE IF NOT EXISTS ${identifier(name)} ${options(properties)}`;
}

export function alterStatement(name: string, properties: Properties): string {
	return `ALTER DATABASE ${identifier(name)} ${options(properties)}`;
}

function options({ charset, collation, comment }: Properties): string {
	const said = comment === undefined ? "" : ` COMMENT = ${literal(comment)}`;
	return `CHARACTER SET ${word(charset)} COLLATE ${word(collation, "collation")}${said}`;
}

export async function dropDatabase(server: Server, name: string): Promise<void> {
	const patient = { ...server, seconds: LONG_QUESTION_SECONDS };
	await sqlBy(patient, [`DROP DATABASE IF EXISTS ${identifier(name)}`], `drop the database ${name}`);
}

export interface Move {
	readonly tables: readonly string[];
	readonly from: string;
	readonly to: string;
}

/** Move all tables or none: RENAME TABLE is atomic. */
export async function moveTables({ sql }: Server, moves: readonly Move[], doing: string): Promise<void> {
	const renames = moves.flatMap(({ tables, from, to }) =>
		tables.map(
			(table) => `${identifier(from)}.${identifier(table)} TO ${identifier(to)}.${identifier(table)}`,
		),
	);
	if (renames.length > 0) await sql([`RENAME TABLE ${renames.join(", ")}`], doing);
}
