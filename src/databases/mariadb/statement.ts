// Run exactly one statement whose text comes from elsewhere. Such text must never reach the client as a script: the
// client has commands of its own (`delimiter`, `\!`), and recognises some even inside a routine's body.
import { randomBytes } from "node:crypto";
import { HoldfastError } from "../../values/error.ts";
import { saysDenied } from "./denied.ts";
import { identifier, literal, word } from "./names.ts";
import type { Asked, Server } from "./server.ts";
import type { StoredObject } from "./stored-object.ts";
import { says } from "./temporary.ts";

/**
 * "This command is not supported in the prepared statement protocol yet": the server reports this only if the text is
 * one statement.
 */
const NOT_PREPARED = /^ERROR 1295 \(/;

/** The same bytes in every character set that a client may have. */
const IS_ASCII = /^[\t\n\r -~]*$/;

/** "You have an error in your SQL syntax." */
const SYNTAX = /^ERROR 1064 \(/;

/** Throws for text that the server does not parse as one statement. Nothing is run. `alone`: what it refers to must exist, too. */
export async function requireStatements(
	asked: Asked,
	database: string,
	made: readonly { readonly sqlMode: string; readonly statement: string }[],
	alone = true,
): Promise<void> {
	if (made.length === 0) return;
	const doing = `check whether the views and routines of ${database} can be recreated`;
	const faults = await asked.faults(
		[
			`USE ${identifier(database)}`,
			...made.flatMap(({ sqlMode, statement }) => [
				`SET sql_mode = ${literal(sqlMode)}`,
				`SET @holdfast = ${textOf(statement)}`,
				"PREPARE holdfast FROM @holdfast",
			]),
		],
		doing,
	);
	// Statements that were denied were parsed as well.
	const others = faults.filter((line) =>
		alone ? !NOT_PREPARED.test(line) && !saysDenied(line) : SYNTAX.test(line),
	);
	if (others.length > 0)
		throw new HoldfastError("database-failed", `could not ${doing}`, { details: others.slice(0, 5) });
}

/** Encode as hex, so that the client does not interpret it. */
const textOf = (statement: string) =>
	`CONVERT(0x${Buffer.from(statement, "utf8").toString("hex")} USING utf8mb4)`;

/** Create an object with the session settings that it was originally created with; they are part of its definition. */
export async function makeOne(
	server: Server,
	by: Asked,
	database: string,
	ownCollation: string,
	one: StoredObject,
	statement: string,
): Promise<void> {
	const doing = `create the ${one.kind.toLowerCase()} ${one.name} of ${database}`;
	const collate = (collation: string) =>
		`ALTER DATABASE ${identifier(database)} COLLATE ${word(collation, "collation")}`;
	const other = one.databaseCollation !== undefined && one.databaseCollation !== ownCollation;
	const before = [
		`USE ${identifier(database)}`,
		...(one.timeZone === undefined ? [] : [`SET time_zone = ${literal(one.timeZone)}`]),
		`SET sql_mode = ${literal(one.sqlMode)}`,
		`SET collation_connection = ${word(one.collation, "collation")}`,
	];
	if (other) await server.sql([collate(one.databaseCollation ?? ownCollation)], doing);
	try {
		await by.sql(
			[
				...before,
				`SET character_set_client = ${word(one.charset)}`,
				`SET @holdfast = ${textOf(statement)}`,
				"PREPARE holdfast FROM @holdfast",
				"EXECUTE holdfast",
			],
			doing,
		);
	} catch (error) {
		if (!says(error, NOT_PREPARED)) throw error;
		await makeAsIs(by, before, one, statement, doing);
	} finally {
		if (other) await server.sql([collate(ownCollation)], doing);
	}
}

/**
 * For servers that cannot prepare the statement (MySQL; MariaDB before 10.6). They have already parsed it as one
 * statement, so it only remains to make the client send it unchanged.
 */
async function makeAsIs(
	by: Asked,
	before: readonly string[],
	{ kind, name, charset }: StoredObject,
	statement: string,
	doing: string,
): Promise<void> {
	if (/^\s*delimiter\b/im.test(statement) || /\\C/.test(statement))
		throw new HoldfastError("database-failed", `could not ${doing}`, {
			details: [`the server's client would interpret part of it as a command ("delimiter", "\\C")`],
			hint: `rewrite the ${kind.toLowerCase()} ${name} without it, or restore with MariaDB 10.6 or newer`,
		});
	// The client accepts at most 15 characters.
	const mark = `//${randomBytes(6).toString("hex")}`;
	await by.script(
		[
			...before.map((one) => `${one};`),
			// The text is sent as UTF-8. Any other character set would misread what is not ASCII in it.
			`SET character_set_client = ${/^utf8/.test(charset) || IS_ASCII.test(statement) ? word(charset) : "utf8mb4"};`,
			`DELIMITER ${mark}`,
			statement,
			mark,
			"DELIMITER ;",
			"",
		].join("\n"),
		doing,
	);
}
