// A view, trigger, routine or event, as data: what the server shows of it, and the one statement that recreates it. The
// start of the statement is built here, with our own quoting; only what follows the name is text from elsewhere.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { accountLiteral, identifier } from "./names.ts";

const text = v.string();
const session = {
	name: text,
	/** The account whose rights it runs with. */
	definer: v.object({ user: text, host: text }),
	sqlMode: text,
	charset: text,
	collation: text,
	/** The database's collation when the object was created; views have none. */
	databaseCollation: v.optional(text),
	/** Only for events. */
	timeZone: v.optional(text),
};
export const ROUTINES = ["FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY"] as const;

export const objectSchema = v.variant("kind", [
	v.object({
		...session,
		kind: v.literal("VIEW"),
		algorithm: v.picklist(["UNDEFINED", "MERGE", "TEMPTABLE"]),
		security: v.picklist(["DEFINER", "INVOKER"]),
		text,
	}),
	v.object({
		...session,
		kind: v.literal("TRIGGER"),
		timing: v.picklist(["BEFORE", "AFTER"]),
		event: v.picklist(["INSERT", "UPDATE", "DELETE"]),
		table: text,
		text,
	}),
	v.object({ ...session, kind: v.picklist(ROUTINES), aggregate: v.optional(v.literal(true)), text }),
	v.object({ ...session, kind: v.literal("EVENT"), text }),
]);
/** `text` is what follows the name; for a trigger, its body. */
export type StoredObject = v.InferOutput<typeof objectSchema>;

/** How the text of each kind must begin, so that it cannot continue the name before it. */
const BEGINS: Readonly<Record<StoredObject["kind"], RegExp>> = {
	VIEW: /^\s*\(|^\s+AS\s/i,
	TRIGGER: /^/,
	FUNCTION: /^\s*\(/,
	PROCEDURE: /^\s*\(/,
	PACKAGE: /^\s+[a-z]/i,
	"PACKAGE BODY": /^\s+[a-z]/i,
	// The server shows a schedule as literal times and numbers. Anything else would be evaluated when the event is
	// created.
	EVENT:
		/^\s+ON\s+SCHEDULE\s+(?:AT\s+'[^'\\]*'|EVERY\s+(?:\d+|'[^'\\]*')\s+[A-Z_]+(?:\s+STARTS\s+'[^'\\]*')?(?:\s+ENDS\s+'[^'\\]*')?)\s+ON\s+COMPLETION\s+(?:NOT\s+)?PRESERVE\s/i,
};

/** The statement that creates it in the session's current database. */
export function creation(one: StoredObject): string {
	if (!BEGINS[one.kind].test(one.text)) throw notUnderstood(one);
	const by = `DEFINER=${accountLiteral(one.definer)}`;
	const name = identifier(one.name);
	if (one.kind === "VIEW")
		return `CREATE ALGORITHM=${one.algorithm} ${by} SQL SECURITY ${one.security} VIEW ${name}${one.text}`;
	if (one.kind === "TRIGGER")
		return `CREATE ${by} TRIGGER ${name} ${one.timing} ${one.event} ON ${identifier(one.table)} FOR EACH ROW ${one.text}`;
	const kind = one.kind !== "EVENT" && one.aggregate ? `AGGREGATE ${one.kind}` : one.kind;
	return `CREATE ${by} ${kind} ${name}${one.text}`;
}

export function notUnderstood({ kind, name }: Pick<StoredObject, "kind" | "name">): HoldfastError {
	return new HoldfastError(
		"database-failed",
		`the definition of the ${kind.toLowerCase()} ${name} cannot be parsed`,
		{
			hint: "please report this; until it is fixed, restore the archive to a folder with --into and load the dump by hand",
		},
	);
}

export function isKind(word: string): word is StoredObject["kind"] {
	return Object.hasOwn(BEGINS, word);
}
