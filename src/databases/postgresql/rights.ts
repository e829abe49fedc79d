// Rights, comments and owners from a dump, which we apply after loading. Only statements of exactly these forms are
// accepted from pg_restore's output, and they are rebuilt with our own quoting.
import { createHash } from "node:crypto";
import { HoldfastError } from "../../values/error.ts";
import type { Ask } from "./ask.ts";
import { literal } from "./names.ts";
import { statementOf, type Token } from "./toc.ts";

const word = (token: Token | undefined) => (token && "word" in token ? token.word : undefined);
const bare = (token: Token | undefined) =>
	token && "name" in token ? token.name : token && "word" in token ? token.word : undefined;
const begins = (tokens: readonly Token[], ...words: string[]) =>
	words.every((one, index) => word(tokens[index]) === one);
const hasText = (tokens: readonly Token[]) => tokens.some((token) => "text" in token);

/** Objects that belong to the entire server. A dump of one database grants no rights on them. */
const SHARED = new Set(["DATABASE", "TABLESPACE", "PARAMETER", "ROLE"]);

/**
 * GRANT, REVOKE and ALTER DEFAULT PRIVILEGES on objects in the database, and the SET SESSION AUTHORIZATION that says
 * who grants.
 */
export function rightStatements(statements: readonly Token[][]): string[] {
	return statements.map((tokens) => {
		const on = tokens.findIndex((token) => word(token) === "ON");
		const isRight =
			((begins(tokens, "GRANT") || begins(tokens, "REVOKE")) &&
				on > 0 &&
				!SHARED.has(word(tokens[on + 1]) ?? "")) ||
			// Without FOR ROLE it would apply to the role that runs it.
			begins(tokens, "ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE") ||
			(begins(tokens, "SET", "SESSION", "AUTHORIZATION") && tokens.length === 4) ||
			(begins(tokens, "RESET", "SESSION", "AUTHORIZATION") && tokens.length === 3);
		if (!isRight || hasText(tokens)) throw notUnderstood(tokens);
		return statementOf(tokens);
	});
}

export function isComment(tokens: readonly Token[]): boolean {
	return begins(tokens, "COMMENT", "ON");
}

export function isOnEventTrigger(tokens: readonly Token[]): boolean {
	return begins(tokens, "COMMENT", "ON", "EVENT", "TRIGGER");
}

/** COMMENT ON … IS …: the text must be the last token. */
export function commentStatements(statements: readonly Token[][]): string[] {
	return statements.map((tokens) => {
		const last = tokens.at(-1);
		const isWell =
			isComment(tokens) &&
			word(tokens.at(-2)) === "IS" &&
			last !== undefined &&
			("text" in last || word(last) === "NULL") &&
			!hasText(tokens.slice(0, -1)) &&
			!SHARED.has(word(tokens[2]) ?? "");
		if (!isWell) throw notUnderstood(tokens);
		return statementOf(tokens);
	});
}

/** The name at this position of a plain statement, such as the third token of CREATE SCHEMA name. */
export function nameAt(tokens: readonly Token[], index: number): string | undefined {
	return bare(tokens[index]);
}

/** Kinds of objects in a database that have an owner. */
const OWNED = new Set([
	...[
		"TABLE",
		"VIEW",
		"MATERIALIZED",
		"SEQUENCE",
		"FOREIGN",
		"FUNCTION",
		"PROCEDURE",
		"AGGREGATE",
		"ROUTINE",
	],
	...["TYPE", "DOMAIN", "SCHEMA", "OPERATOR", "COLLATION", "CONVERSION", "TEXT", "STATISTICS", "SERVER"],
	...["LARGE", "PUBLICATION", "LANGUAGE", "PROCEDURAL"],
]);

/** Parses ALTER … OWNER TO role; undefined for any other statement. */
export function ownership(
	tokens: readonly Token[],
): { readonly owner: string; readonly statement: string } | undefined {
	const owner = bare(tokens.at(-1));
	if (!begins(tokens, "ALTER") || word(tokens.at(-3)) !== "OWNER" || word(tokens.at(-2)) !== "TO")
		return undefined;
	if (owner === undefined || hasText(tokens) || !OWNED.has(word(tokens[1]) ?? "")) return undefined;
	return { owner, statement: statementOf(tokens) };
}

function notUnderstood(tokens: readonly Token[]): HoldfastError {
	return new HoldfastError("archive-damaged", "a grant in the dump cannot be parsed", {
		details: [statementOf(tokens).slice(0, 200)],
		hint: "the archive is damaged or was modified; to inspect it, restore it to a folder with --into",
	});
}

/**
 * A hash of the owners of and rights on everything that belongs to the server and its extensions. An ordinary dump does
 * not change it.
 */
export async function foreignRights(ask: Ask, database: string): Promise<string> {
	const of = (catalog: string, rights: string, owner: string) =>
		`SELECT concat_ws(' ', ${literal(catalog)}, oid, ${owner}, ${rights}::text) AS one FROM ${catalog} t WHERE (oid < 16384 AND oid <> 2200 OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = t.oid AND d.deptype = 'e'))`;
	const rows = await ask(
		[
			[
				of("pg_proc", "proacl", "proowner"),
				of("pg_class", "relacl", "relowner"),
				of("pg_namespace", "nspacl", "nspowner"),
				of("pg_type", "typacl", "typowner"),
				of("pg_language", "lanacl", "lanowner"),
				of("pg_foreign_data_wrapper", "fdwacl", "fdwowner"),
				of("pg_foreign_server", "srvacl", "srvowner"),
				"SELECT 'column' || attrelid || attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid < 16384",
			].join(" UNION ALL "),
		],
		`read the privileges in ${database}`,
		database,
	);
	return createHash("sha256").update(rows.flat().sort().join("\n")).digest("hex");
}
