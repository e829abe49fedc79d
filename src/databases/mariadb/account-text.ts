// An account's definition and rights, as data and as SQL. A small grammar reads what the server shows and what archives
// of 0.1.0 contain; the SQL that is run is written here.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { type AccountName, accountLiteral, identifier, literal, pattern } from "./names.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** Words that may follow the name in CREATE USER (MariaDB Knowledge Base and MySQL Reference Manual, "CREATE USER"). */
const CLAUSES = new Set(
	`IDENTIFIED BY PASSWORD VIA WITH USING AS OR AND REQUIRE SSL X509 NONE ISSUER SUBJECT CIPHER MAX_QUERIES_PER_HOUR
	MAX_UPDATES_PER_HOUR MAX_CONNECTIONS_PER_HOUR MAX_USER_CONNECTIONS MAX_STATEMENT_TIME EXPIRE NEVER DEFAULT INTERVAL DAY
	HISTORY REUSE CURRENT OPTIONAL ACCOUNT LOCK UNLOCK FAILED_LOGIN_ATTEMPTS PASSWORD_LOCK_TIME UNBOUNDED ATTRIBUTE COMMENT`.split(
		/\s+/,
	),
);
/** Rights on a database or on objects in it. None of them reaches beyond the database. */
const PRIVILEGES = new Set([
	...[
		"ALL PRIVILEGES",
		"USAGE",
		"SELECT",
		"INSERT",
		"UPDATE",
		"DELETE",
		"CREATE",
		"DROP",
		"REFERENCES",
		"INDEX",
	],
	...[
		"ALTER",
		"CREATE TEMPORARY TABLES",
		"LOCK TABLES",
		"EXECUTE",
		"CREATE VIEW",
		"SHOW VIEW",
		"EVENT",
		"TRIGGER",
	],
	...["CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE", "DELETE HISTORY", "DELETE VERSIONING ROWS"],
]);
const KINDS = ["TABLE", "FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY"] as const;

const clause = v.union([
	v.object({
		word: v.pipe(
			v.string(),
			v.check((word) => CLAUSES.has(word)),
		),
	}),
	/** An authentication plugin. */
	v.object({ plugin: v.pipe(v.string(), v.regex(/^\w+$/)) }),
	v.object({ text: v.string() }),
	v.object({ hex: v.pipe(v.string(), v.regex(/^[0-9a-fA-F]*$/)) }),
	v.object({ number: v.pipe(v.string(), v.regex(/^[0-9.]+$/)) }),
]);
export const grantSchema = v.object({
	privileges: v.array(v.object({ name: v.string(), columns: v.optional(v.array(v.string())) })),
	kind: v.optional(v.picklist(KINDS)),
	/** Undefined for the entire database. */
	object: v.optional(v.string()),
	/** Whether the database's name is written as a pattern. */
	pattern: v.boolean(),
	option: v.boolean(),
});
export const accountSchema = v.object({
	user: v.string(),
	host: v.string(),
	/** What follows the name in CREATE USER; empty for a role. */
	clauses: v.array(clause),
	grants: v.array(grantSchema),
	/** The roles in this list that are granted to it: those that it may grant to others, and those that its sessions begin with. */
	memberOf: v.optional(
		v.array(
			v.object({
				user: v.string(),
				host: v.string(),
				isAdmin: v.exactOptional(v.literal(true)),
				isDefault: v.exactOptional(v.literal(true)),
			}),
		),
		[],
	),
});
export type Account = v.InferOutput<typeof accountSchema>;
type Grant = v.InferOutput<typeof grantSchema>;

export function clauseText(one: v.InferOutput<typeof clause>): string {
	if ("text" in one) return literal(one.text);
	if ("hex" in one) return `0x${one.hex}`;
	if ("number" in one) return one.number;
	return "plugin" in one ? identifier(one.plugin) : one.word;
}

export function grantText(
	{ privileges, kind, object, pattern: isPattern, option }: Grant,
	who: AccountName,
	database: string,
) {
	const rights = privileges.map(({ name, columns }) => {
		if (!PRIVILEGES.has(name))
			throw new HoldfastError("archive-not-trusted", `${JSON.stringify(name)} is not a database privilege`);
		return columns === undefined ? name : `${name} (${columns.map(identifier).join(", ")})`;
	});
	const on = identifier(isPattern ? pattern(database) : database);
	return `GRANT ${rights.join(", ")} ON ${kind === undefined ? "" : `${kind} `}${on}.${object === undefined ? "*" : identifier(object)} TO ${accountLiteral(who)}${option ? " WITH GRANT OPTION" : ""}`;
}

/** Parses CREATE USER `user`@`host` …; undefined for any other statement. */
export function clausesOf(statement: string, { user, host }: AccountName): Account["clauses"] | undefined {
	const tokens = tokensOf(statement);
	if (!tokens) return undefined;
	const rest = after(tokens, ["CREATE", "USER"]);
	const found = rest && afterAccount(rest, { user, host });
	if (!found) return undefined;
	// Those of this database are found elsewhere.
	const role = found.findIndex(
		(token, index) => isWord(token, "DEFAULT") && isWord(found[index + 1], "ROLE"),
	);
	const end = found.findIndex((token, index) => index > role && isWord(token, "REQUIRE"));
	const more = role < 0 ? found : [...found.slice(0, role), ...(end < 0 ? [] : found.slice(end))];
	const clauses: Account["clauses"] = [];
	for (const [index, token] of more.entries()) {
		const plugin = isPluginAt(more, index);
		if ("word" in token && !plugin && CLAUSES.has(token.word.toUpperCase()))
			clauses.push({ word: token.word.toUpperCase() });
		else if ("word" in token && plugin) clauses.push({ plugin: token.word });
		else if ("name" in token && plugin) clauses.push({ plugin: token.name });
		else if ("text" in token) clauses.push(plugin ? { plugin: token.text } : token);
		else if ("hex" in token || "number" in token) clauses.push(token);
		else return undefined;
	}
	return clauses;
}

/** Whether a plugin name is expected here: IDENTIFIED VIA one OR another, IDENTIFIED WITH one. */
function isPluginAt(tokens: readonly Token[], index: number): boolean {
	const before = tokens[index - 1];
	return (
		isWord(before, "VIA") ||
		isWord(before, "OR") ||
		(isWord(before, "WITH") && isWord(tokens[index - 2], "IDENTIFIED"))
	);
}

/** Parses GRANT … ON `database`.… TO `user`@`host`; undefined for any other statement. */
export function grantOf(statement: string, who: AccountName, database: string): Grant | undefined {
	const tokens = tokensOf(statement);
	const rights = tokens && after(tokens, ["GRANT"]);
	const on = rights?.findIndex((token) => "word" in token && token.word === "ON") ?? -1;
	if (!rights || on < 0) return undefined;
	const privileges = privilegesOf(rights.slice(0, on));
	const target = rights.slice(on + 1);
	const kind = [...KINDS].reverse().find((one) => after(target, one.split(" ")) !== undefined);
	const [where, dot, object, ...to] = (kind === undefined ? target : after(target, kind.split(" "))) ?? [];
	if (!privileges || !where || !("name" in where) || !isSign(dot, ".")) return undefined;
	const isPattern = where.name !== database;
	if (isPattern && where.name !== pattern(database)) return undefined;
	if (!object || !(isSign(object, "*") || "name" in object)) return undefined;
	const [first, ...last] = to;
	const ending = isWord(first, "TO") ? afterAccount(last, who) : undefined;
	const option =
		ending && (ending.length === 0 ? false : after(ending, ["WITH", "GRANT", "OPTION"])?.length === 0);
	if (option === undefined || (!option && ending?.length !== 0)) return undefined;
	return {
		...{ privileges, option },
		pattern: isPattern,
		...(kind === undefined ? {} : { kind }),
		...("name" in object ? { object: object.name } : {}),
	};
}

/** Parses `SELECT (`a`, `b`), CREATE VIEW`: privileges, each with optional columns in parentheses. */
function privilegesOf(tokens: readonly Token[]): Grant["privileges"] | undefined {
	const all = partsOf(tokens).map((part) => {
		const open = part.findIndex((token) => isSign(token, "("));
		const words = part.slice(0, open < 0 ? undefined : open);
		const name = words.map((token) => ("word" in token ? token.word.toUpperCase() : "?")).join(" ");
		if (open < 0) return { name };
		const columns = part.slice(open + 1, -1).filter((token) => !isSign(token, ","));
		return { name, columns: columns.map((token) => ("name" in token ? token.name : "")) };
	});
	return all.every(({ name }) => PRIVILEGES.has(name)) ? all : undefined;
}

/** Split at commas that are not inside parentheses. */
function partsOf(tokens: readonly Token[]): Token[][] {
	const parts: Token[][] = [[]];
	let depth = 0;
	for (const token of tokens) {
		if (isSign(token, "(")) depth++;
		if (isSign(token, ")")) depth--;
		if (isSign(token, ",") && depth === 0) parts.push([]);
		else parts.at(-1)?.push(token);
	}
	return parts;
}

const isSign = (token: Token | undefined, sign: string) =>
	token !== undefined && "sign" in token && token.sign === sign;
const isWord = (token: Token | undefined, word: string) =>
	token !== undefined && "word" in token && token.word.toUpperCase() === word;

function after(tokens: readonly Token[], words: readonly string[]): readonly Token[] | undefined {
	return words.every((word, index) => isWord(tokens[index], word)) ? tokens.slice(words.length) : undefined;
}

function afterAccount(tokens: readonly Token[], { user, host }: AccountName): readonly Token[] | undefined {
	const text = (token: Token | undefined) =>
		token === undefined ? undefined : "name" in token ? token.name : "text" in token ? token.text : undefined;
	const [name, at, from, ...rest] = tokens;
	if (text(name) !== user) return undefined;
	if (host === "") return tokens.slice(1);
	return isSign(at, "@") && text(from) === host ? rest : undefined;
}
