// The option for the database of an application that supports only some kinds, with its SQLite file in its data folder.
import * as v from "valibot";
import type { Dump } from "../databases/dump.ts";
import * as f from "../values/fields.ts";
import type { Yield } from "./module.ts";

type Kind = "sqlite" | "postgresql" | "mariadb";

/** `kinds`: the default first. `file`: of SQLite, relative to the data folder. `name`: on a server. */
export function databaseIn<const K extends readonly [Kind, ...Kind[]]>(
	kinds: K,
	{ name, file }: { readonly name: string; readonly file?: string },
) {
	const [usual] = kinds;
	return v.pipe(
		v.optional(
			v.strictObject({
				type: v.pipe(
					v.optional(v.picklist(kinds as readonly Kind[]), usual),
					v.description(`kind of database (default ${usual})`),
				),
				name: v.pipe(v.optional(f.text, name), v.description(`its name on the server (default ${name})`)),
				file: v.pipe(
					v.optional(f.path),
					v.description(
						file === undefined
							? "not used here"
							: `SQLite's file (default ${file} in the folder with its data)`,
					),
				),
			}),
			{},
		),
		v.description("the database in which it stores its data"),
	);
}

interface Chosen {
	readonly type: Kind;
	readonly name: string;
	readonly file?: string | undefined;
}

/** What the option adds: a dump of the file, or a database in the options of the server's module. */
export function databaseFor(
	state: string,
	{ type, name, file }: Chosen,
	usualFile = "/",
): { dumps: Dump[]; services: NonNullable<Yield["services"]> } {
	if (type === "sqlite") return { dumps: [{ sqlite: file ?? usualFile }], services: {} };
	return { dumps: [], services: { [type]: { databases: { [name]: { state } } } } };
}
