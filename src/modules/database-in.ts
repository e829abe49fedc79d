// The option for the database of an application whose SQLite file is in its data folder, which is another option.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { DATABASE, databaseOf, kindAndName } from "./options.ts";

type Kind = Parameters<typeof databaseOf>[1]["type"];

/** `kinds`: the default first. `file`: of SQLite, relative to the data folder. `name`: on a server. */
export function databaseIn<const K extends readonly [Kind, ...Kind[]]>(
	kinds: K,
	{ name, file }: { readonly name: string; readonly file?: string },
) {
	const [type] = kinds;
	return v.pipe(
		v.optional(
			v.strictObject({
				...kindAndName(kinds, { type, name }),
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
		v.description(DATABASE),
	);
}

interface Chosen {
	readonly type: Kind;
	readonly name: string;
	readonly file?: string | undefined;
}

/** What the option adds. `usualFile`: of SQLite, if none was chosen. */
export const databaseFor = (state: string, { type, name, file }: Chosen, usualFile = "/") =>
	databaseOf(state, { type, name, file: file ?? usualFile });
