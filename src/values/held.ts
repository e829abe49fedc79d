// A thing has two forms: the one that a person writes ("26h", a unit's bare name, nothing where there is a default) and the
// one that the manifest holds (seconds, a full name, every value). One schema says both: it reads the first and yields the
// second, and where a pipe transforms a value, the schema after the transform is that of the second form. `heldForm` makes
// of it a schema that accepts what it yields, and nothing shorter.
import * as v from "valibot";
import { record } from "./record.ts";

interface Schema extends v.GenericSchema {
	readonly pipe?: readonly (v.GenericPipeItem | Schema)[];
	readonly entries?: Readonly<Record<string, Schema>>;
	readonly options?: readonly Schema[];
	readonly item?: Schema;
	readonly key?: v.GenericSchema<string, string>;
	readonly value?: Schema;
	readonly wrapped?: Schema;
	readonly default?: unknown;
}

export function heldForm<S extends v.GenericSchema>(schema: S): v.GenericSchema<v.InferOutput<S>> {
	return held(schema) as v.GenericSchema<v.InferOutput<S>>;
}

function held(schema: Schema): Schema {
	const { pipe } = schema;
	if (!pipe) return heldParts(schema);
	const last = pipe.findLastIndex(({ kind }) => kind === "schema");
	const [first, ...rest] = pipe.slice(last);
	return v.pipe(held(first as Schema), ...(rest as v.GenericPipeAction[]));
}

function heldParts(schema: Schema): Schema {
	const { entries, options, item, key, value, wrapped } = schema;
	if (wrapped) return schema.default === undefined ? { ...schema, wrapped: held(wrapped) } : held(wrapped);
	if (entries) return { ...schema, entries: mapped(entries) };
	if (options?.every((option) => typeof option === "object")) {
		const [only, ...others] = options.filter((option) => !isShort(option)).map(held);
		return only && others.length === 0 ? only : ({ ...schema, options: [only, ...others] } as Schema);
	}
	if (item) return { ...schema, item: held(item) };
	if (key && value) return record(key, held(value));
	return schema;
}

/** A form that becomes another one of the same union: a script's text, beside the object with a script. */
const isShort = ({ pipe }: Schema): boolean => pipe?.at(-1)?.type === "transform";

const mapped = (entries: Readonly<Record<string, Schema>>) =>
	Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, held(schema)]));
