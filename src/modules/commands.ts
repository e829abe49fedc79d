// Which lists are a program and its arguments, by the schema of what is merged: half of one and half of another would be
// neither.
import type * as v from "valibot";
import { argv } from "../values/fields.ts";

/** As far as a schema is looked into here. */
type Schema = v.GenericSchema & {
	readonly entries?: Readonly<Record<string, Schema>>;
	readonly options?: readonly Schema[];
	readonly wrapped?: Schema;
	/** Of a map with any keys. */
	readonly value?: Schema;
	readonly pipe?: readonly unknown[];
};

/** What a value may be: each of the schemas that a union or an option is made of. */
export function formsOf(schema: v.GenericSchema): readonly v.GenericSchema[] {
	const { wrapped, options } = schema as Schema;
	return options?.flatMap(formsOf) ?? (wrapped ? formsOf(wrapped) : [schema]);
}

/** The forms of what these have under a key; none for a key that they do not know. */
export function formsBelow(forms: readonly v.GenericSchema[], key: string): readonly v.GenericSchema[] {
	return (forms as readonly Schema[]).flatMap(({ entries = {}, value }) => {
		const below = Object.hasOwn(entries, key) ? entries[key] : value;
		return below ? formsOf(below) : [];
	});
}

export function mayBeCommand(forms: readonly v.GenericSchema[]): boolean {
	return forms.some(isArgv);
}

/** With its description or whatever else was piped after it, too. */
function isArgv(schema: Schema): boolean {
	const [first] = schema.pipe ?? [];
	return schema === argv || (first !== undefined && first !== schema && isArgv(first as Schema));
}
