// A JSON Schema as a flat list of keys, for the reference and for help.
import { HOOKS } from "./state.ts";

/** The part of JSON Schema that is read here. */
export interface JsonSchema {
	readonly type?: string;
	readonly description?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly pattern?: string;
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly additionalProperties?: JsonSchema | boolean;
	readonly items?: JsonSchema;
	readonly anyOf?: readonly JsonSchema[];
	readonly oneOf?: readonly JsonSchema[];
	readonly required?: readonly string[];
	readonly minProperties?: number;
}

export interface Key {
	/** From the top: `machines.<name>.state`, `[ ]` for the items of a list. */
	readonly path: string;
	/** For people: `text`, `list of text`, `map`. */
	readonly kind: string;
	readonly required: boolean;
	readonly description: string;
}

/** Every key, with its path. */
export function keysOf(schema: JsonSchema, path = "", required = true): Key[] {
	const keys: Key[] = [];
	if (path !== "" && (schema.description !== undefined || !isMap(schema)))
		keys.push({ path, kind: kindOf(schema), required, description: schema.description ?? "" });
	for (const [key, value] of Object.entries(schema.properties ?? {}))
		keys.push(...keysOf(value, below(path, key), schema.required?.includes(key) ?? false));
	// A provider named after its engine has the same keys as one with any other name.
	if (typeof schema.additionalProperties === "object" && !schema.properties)
		for (const form of alternatives(schema.additionalProperties))
			keys.push(...keysOf(form, path === "" ? "<name>" : `${path}.<name>`, false));
	const objects = alternatives(schema).filter((form) => form !== schema && isMap(form));
	for (const { description, ...form } of objects) keys.push(...keysOf(form, path, false));
	const item = schema.items;
	if (item)
		for (const form of alternatives(item).filter(isMap)) keys.push(...keysOf(form, `${path}[ ]`, false));
	return keys.filter(
		(key, index) => keys.findIndex((other) => JSON.stringify(other) === JSON.stringify(key)) === index,
	);
}

/** The four hooks have the same keys. */
function below(path: string, key: string): string {
	const part = (HOOKS as readonly string[]).includes(key) ? "<hook>" : key;
	return path === "" ? part : `${path}.${part}`;
}

function isMap(schema: JsonSchema): boolean {
	return schema.type === "object";
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
	return schema.anyOf ?? schema.oneOf ?? [schema];
}

function kindOf(schema: JsonSchema): string {
	if (schema.const !== undefined) return `\`${schema.const}\``;
	if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(" or ");
	if (schema.anyOf ?? schema.oneOf) return [...new Set(alternatives(schema).map(kindOf))].join(", or ");
	if (schema.type === "array") return `list of ${schema.items ? kindOf(schema.items) : "values"}`;
	return (
		{ object: "map", string: "text", integer: "whole number" }[schema.type ?? ""] ?? schema.type ?? "any"
	);
}
