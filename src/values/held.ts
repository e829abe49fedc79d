// Values have two forms: that of the config ("26h", a unit's bare name, nothing if there is a default) and that of the manifest
// (seconds, a full name, every value). One schema describes both: it accepts the first and outputs the second, and in a pipe
// with a transform, the schema after the transform describes the second form. `heldForm` turns it into a schema that accepts
// only the second form.
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

/** An option of a union that is transformed into another one: a script as text, into the object with a script. */
const isShort = ({ pipe }: Schema): boolean => pipe?.at(-1)?.type === "transform";

const mapped = (entries: Readonly<Record<string, Schema>>) =>
	Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, held(schema)]));
