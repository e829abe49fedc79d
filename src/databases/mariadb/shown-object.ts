// Parse what the server shows of a view, trigger, routine or event.
import * as v from "valibot";
import { notUnderstood, objectSchema, type StoredObject } from "./stored-object.ts";
import { triggerParts } from "./trigger.ts";

/** An object that exists on the server. */
export type Named = Pick<StoredObject, "kind" | "name" | "definer">;

/** The parts of a definition that vary between objects of one kind. */
const MORE: Readonly<Record<string, readonly string[]>> = {
	VIEW: ["DEFINER", "INVOKER"],
	FUNCTION: ["", "AGGREGATE "],
};

/**
 * Parses a row of SHOW CREATE, whose columns differ by kind (MariaDB Knowledge Base, "SHOW CREATE EVENT" and similar).
 */
export function shownObject(one: Named, row: readonly string[]): StoredObject {
	const { kind, name, definer } = one;
	const [, second, third, fourth] = row;
	const statement = (kind === "VIEW" ? second : kind === "EVENT" ? fourth : third) ?? "";
	const [charset, collation, databaseCollation] = row.slice(kind === "VIEW" ? 2 : kind === "EVENT" ? 4 : 3);
	const algorithm = /^CREATE ALGORITHM=(\w+) /.exec(statement)?.[1];
	// The server quotes names according to the object's own sql_mode.
	for (const quote of ["`", '"'])
		for (const more of MORE[kind] ?? [""]) {
			const quoted = (part: string) => quote + part.replaceAll(quote, quote + quote) + quote;
			const by = `DEFINER=${quoted(definer.user)}${definer.host === "" ? "" : `@${quoted(definer.host)}`}`;
			const begin =
				kind === "VIEW"
					? `CREATE ALGORITHM=${algorithm} ${by} SQL SECURITY ${more} VIEW ${quoted(name)}`
					: kind === "TRIGGER"
						? `CREATE ${by} `
						: `CREATE ${by} ${more}${kind} ${quoted(name)}`;
			if (!statement.startsWith(begin)) continue;
			const rest = statement.slice(begin.length);
			const parts = kind === "TRIGGER" ? triggerParts(rest) : undefined;
			if (kind === "TRIGGER" && parts?.name !== name) continue;
			return v.parse(objectSchema, {
				...{ kind, name, definer, charset, collation },
				sqlMode: kind === "VIEW" ? "" : second,
				...(kind === "VIEW" ? { algorithm, security: more } : { databaseCollation }),
				...(more === "AGGREGATE " ? { aggregate: true } : {}),
				...(kind === "EVENT" ? { timeZone: third } : {}),
				...parts,
				text: parts?.body ?? rest,
			});
		}
	throw notUnderstood(one);
}
