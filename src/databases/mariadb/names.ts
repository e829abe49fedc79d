// Names, texts and accounts as SQL wants them written, with the empty sql_mode that every session of ours has. All SQL of
// this folder that holds a word from elsewhere is made of these.
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

/** As the server writes an account in its tables: `user@host`. A host holds no "@". */
export function accountOf(text: string): AccountName {
	const at = text.lastIndexOf("@");
	return at < 0 ? { user: text, host: "" } : { user: text.slice(0, at), host: text.slice(at + 1) };
}

export function accountText({ user, host }: AccountName): string {
	return host === "" ? user : `${user}@${host}`;
}

/** Character sets, collations and SQL modes are plain words; an archive's could be anything. */
export function word(text: string, what = "character set"): string {
	if (/^[a-zA-Z0-9_]+$/.test(text)) return text;
	throw new HoldfastError("database-failed", `${JSON.stringify(text)} is not a ${what}`);
}

/** In grants on databases "_" and "%" are wildcards, which "\\" takes that meaning from. */
export function pattern(database: string): string {
	return database.replace(/[_%]/g, "\\$&");
}
