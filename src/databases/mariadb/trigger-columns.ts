// A trigger may name a column that its table no longer has. The server finds out only when it runs it, or creates it again.
import { identifier, literal } from "./names.ts";
import type { Asked } from "./server.ts";
import type { StoredObject } from "./stored-object.ts";
import { bareName } from "./trigger.ts";

/** Texts and comments, or a column of the row: NEW.`name`. */
const PARTS =
	/'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|--\s[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w$.`])(?:NEW|OLD)\s*\.\s*(`(?:[^`]|``)+`|[\w$\u0080-\uffff]+)/gi;

/** The triggers that name such a column, as far as can be told, each with a column. */
export async function withGoneColumns(
	by: Asked,
	database: string,
	objects: readonly StoredObject[],
): Promise<ReadonlyMap<StoredObject, string>> {
	const named = objects.flatMap((one) => {
		const columns = one.kind === "TRIGGER" ? columnsIn(one.text) : [];
		return one.kind === "TRIGGER" && columns.length > 0 ? [{ one, columns, table: one.table }] : [];
	});
	if (named.length === 0) return new Map();
	const tables = [...new Set(named.map(({ table }) => table))];
	const rows = await by.sql(
		tables.map(
			(table) =>
				`SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ${literal(database)} AND table_name = ${literal(table)}`,
		),
		`list the columns of ${database}`,
	);
	const key = (table: string, column: string) => `${identifier(table)}.${column.toLowerCase()}`;
	const there = new Set(rows.map(([table = "", column = ""]) => key(table, column)));
	return new Map(
		named.flatMap(({ one, columns, table }) => {
			const gone = columns.find((column) => !there.has(key(table, column)));
			return gone === undefined ? [] : [[one, gone] as const];
		}),
	);
}

function columnsIn(text: string): string[] {
	return [...text.matchAll(PARTS)].flatMap(([, name]) => (name === undefined ? [] : [bareName(name)]));
}
