// Prepare a new database before a dump is loaded: its schema public, and the extensions, most of which only a superuser
// can create.
import { HoldfastError } from "../../values/error.ts";
import type { Loading } from "./loading.ts";
import { identifier, literal } from "./names.ts";
import { nameAt, ownership } from "./rights.ts";
import type { Token } from "./toc.ts";

/** Make the loader the owner of the schema public for now. Returns the previous owner. */
export async function takePublic({ ask, fresh }: Loading, role: string): Promise<string | undefined> {
	const [[owner] = []] = await ask(
		[
			"SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'",
			`ALTER SCHEMA public OWNER TO ${identifier(role)}`,
		],
		`prepare ${fresh}`,
		fresh,
	);
	return owner;
}

export interface Table {
	readonly schema: string;
	readonly name: string;
}

/**
 * Create the extensions before anything else from the dump exists. They are programs of the server itself, and most of
 * them need a superuser.
 */
export async function makeExtensions(
	loading: Loading,
	role: string,
	schemas: readonly Token[][],
	extensions: readonly Token[][],
): Promise<{ readonly tables: readonly Table[] }> {
	const { ask, fresh } = loading;
	const names = (statements: readonly Token[][], length: number, ...at: number[]) =>
		statements.map((tokens) =>
			at.map((index) => (tokens.length === length ? nameAt(tokens, index) : undefined)),
		);
	// CREATE SCHEMA name; CREATE EXTENSION IF NOT EXISTS name WITH SCHEMA schema.
	const owners = (all: readonly Token[][]) => all.filter((tokens) => ownership(tokens) === undefined);
	const made = names(owners(schemas), 3, 2);
	const put = names(owners(extensions), 9, 5, 8);
	if ([...made, ...put].flat().includes(undefined))
		throw new HoldfastError("archive-damaged", "the names of the extensions in the dump cannot be parsed");
	await ask(
		[
			...made.map(([name = ""]) => `CREATE SCHEMA ${identifier(name)} AUTHORIZATION ${identifier(role)}`),
			...put.map(
				([name = "", schema = ""]) =>
					`CREATE EXTENSION IF NOT EXISTS ${identifier(name)} WITH SCHEMA ${identifier(schema)}`,
			),
		],
		`create the extensions of ${fresh}`,
		fresh,
	);
	return lend(loading, role);
}

/**
 * Grant the loader rights on objects of other owners that a dump may use: tables of extensions (for their rows),
 * foreign data wrappers (for servers) and schemas. For an untrusted dump, the loader may only use the schemas,
 * because rows in an extension's tables can determine what is run, and as whom.
 */
export async function lend(
	{ ask, fresh, trusted }: Loading,
	role: string,
): Promise<{ readonly tables: readonly Table[] }> {
	const rows = await ask(
		[
			`SELECT 'TABLE', n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' WHERE relkind IN ('r', 'p', 'S')
			UNION ALL SELECT 'FOREIGN DATA WRAPPER', fdwname, NULL FROM pg_foreign_data_wrapper
			UNION ALL SELECT 'SCHEMA', nspname, NULL FROM pg_namespace WHERE oid >= 16384 AND pg_get_userbyid(nspowner) <> ${literal(role)}`,
		],
		`read the objects of ${fresh}`,
		fresh,
	);
	await ask(
		rows
			.filter(([kind]) => trusted || kind === "SCHEMA")
			.map(
				([kind = "", first = "", second]) =>
					`GRANT ${trusted ? "ALL" : "USAGE"} ON ${kind} ${second ? `${identifier(first)}.${identifier(second)}` : identifier(first)} TO ${identifier(role)}`,
			),
		`prepare ${fresh}`,
		fresh,
	);
	return {
		tables: rows.flatMap(([kind, schema = "", name = ""]) => (kind === "TABLE" ? [{ schema, name }] : [])),
	};
}
