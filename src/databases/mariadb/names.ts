// Quote names, texts and accounts for SQL. This assumes the empty sql_mode that all our sessions set. All SQL in this
// folder that contains outside text must be built with these functions.
import { HoldfastError } from "../../values/error.ts";

export interface AccountName {
	readonly user: string;
	/** Empty for a role. */
	readonly host: string;
}

export function identifier(name: string): string {
	return `\`${name.replaceAll("`", "``")}\``;
}

export function literal(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

export function accountLiteral({ user, host }: AccountName): string {
	return host === "" ? literal(user) : `${literal(user)}@${literal(host)}`;
}

/** Parses the form that the server uses in its tables: `user@host`. A host contains no "@". */
export function accountOf(text: string): AccountName {
	const at = text.lastIndexOf("@");
	return at < 0 ? { user: text, host: "" } : { user: text.slice(0, at), host: text.slice(at + 1) };
}

export function accountText({ user, host }: AccountName): string {
	return host === "" ? user : `${user}@${host}`;
}

/** Check that a character set, collation or SQL mode is a plain word: one from an archive could contain anything. */
export function word(text: string, what = "character set"): string {
	if (/^[a-zA-Z0-9_]+$/.test(text)) return text;
	throw new HoldfastError("database-failed", `${JSON.stringify(text)} is not a ${what}`);
}

/** Escape "_" and "%", which are wildcards in database grants. */
export function pattern(database: string): string {
	return database.replace(/[_%]/g, "\\$&");
}
