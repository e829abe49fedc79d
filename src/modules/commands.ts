// Finds, in the schema of a merged value, the lists that are a program with its arguments: these must not be concatenated.
import type * as v from "valibot";
import { argv } from "../values/fields.ts";

/** The part of a schema that is read here. */
type Schema = v.GenericSchema & {
	readonly entries?: Readonly<Record<string, Schema>>;
	readonly options?: readonly Schema[];
	readonly wrapped?: Schema;
	/** The value schema of a map with arbitrary keys. */
	readonly value?: Schema;
	readonly pipe?: readonly unknown[];
};

/** The alternatives for a value: every schema in a union or an optional. */
export function formsOf(schema: v.GenericSchema): readonly v.GenericSchema[] {
	const { wrapped, options } = schema as Schema;
	return options?.flatMap(formsOf) ?? (wrapped ? formsOf(wrapped) : [schema]);
}

/** The alternatives for the value of a key; none for an unknown key. */
export function formsBelow(forms: readonly v.GenericSchema[], key: string): readonly v.GenericSchema[] {
	return (forms as readonly Schema[]).flatMap(({ entries = {}, value }) => {
		const below = Object.hasOwn(entries, key) ? entries[key] : value;
		return below ? formsOf(below) : [];
	});
}

export function mayBeCommand(forms: readonly v.GenericSchema[]): boolean {
	return forms.some(isArgv);
}

/** Also recognizes it with a description or anything else in its pipe. */
function isArgv(schema: Schema): boolean {
	const [first] = schema.pipe ?? [];
	return schema === argv || (first !== undefined && first !== schema && isArgv(first as Schema));
}
