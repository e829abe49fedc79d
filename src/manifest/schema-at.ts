// Finds the part of a schema that a value is checked against, for messages about what belongs there.
import type * as v from "valibot";
import { isRecord, ownValue } from "../values/record.ts";

export type Schema = v.GenericSchema & {
	entries?: Record<string, Schema>;
	options?: Schema[];
	wrapped?: Schema;
	value?: Schema;
	item?: Schema;
	literal?: unknown;
};

/** A step from a map or list, `input`, to one of its values. */
export interface Step {
	readonly key?: unknown;
	readonly input?: unknown;
}

export function unwrap(schema: Schema): Schema {
	return schema.wrapped ? unwrap(schema.wrapped) : schema;
}

/** The schema of the value to which the steps lead. Of a variant, it follows the option whose type the value has. */
export function schemaAt(schema: Schema, steps: readonly Step[]): Schema | undefined {
	let here: Schema | undefined = unwrap(schema);
	for (const { key, input } of steps) {
		if (here === undefined) return undefined;
		here = optionFor(here, input);
		here = here?.entries ? ownValue(here.entries, String(key)) : (here?.value ?? here?.item);
		here = here && unwrap(here);
	}
	return here;
}

/** The keys that a map may have. */
export function knownKeys(schema: Schema, steps: readonly Step[], map: unknown): string[] {
	const here = schemaAt(schema, steps);
	return Object.keys((here && optionFor(here, map)?.entries) ?? {});
}

function optionFor(schema: Schema, value: unknown): Schema | undefined {
	if (schema.type !== "variant") return schema;
	const type = isRecord(value) ? value.type : undefined;
	const option = schema.options?.find((one) => unwrap(one).entries?.type?.literal === type);
	return option && unwrap(option);
}

/** A form that a value may have. */
export interface Form {
	readonly schema: Schema;
	readonly entries: Readonly<Record<string, Schema>>;
	/** The keys that it must have; the first names the kind, like `postgresql` of a dump. */
	readonly needed: readonly string[];
}

/** The forms of a union that are maps. */
export function formsOf(union: Schema | undefined): Form[] {
	return (union?.options ?? []).flatMap((schema) => {
		const { entries } = unwrap(schema);
		if (entries === undefined) return [];
		const needed = Object.keys(entries).filter((key) => !entries[key]?.type.startsWith("optional"));
		return [{ schema, entries, needed }];
	});
}
