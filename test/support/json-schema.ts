// A validator for the part of JSON Schema that ours use. An unknown keyword is an error, so that none is passed over.
import { isDeepStrictEqual } from "node:util";

type Schema = Readonly<Record<string, unknown>>;
type Fault = string | undefined;

const length = (value: unknown) => (typeof value === "string" ? [...value].length : undefined);
const count = (value: unknown) => (Array.isArray(value) ? value.length : undefined);
const number = (value: unknown) => (typeof value === "number" ? value : undefined);
const atLeast = (of: typeof number) => (value: unknown, least: unknown) =>
	(of(value) ?? Infinity) >= Number(least);
const atMost = (of: typeof number) => (value: unknown, most: unknown) =>
	(of(value) ?? -Infinity) <= Number(most);
const always = () => true;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
	object: (value) => entriesOf(value) !== undefined,
	array: (value) => Array.isArray(value),
	string: (value) => typeof value === "string",
	number: (value) => typeof value === "number",
	integer: (value) => Number.isInteger(value),
	boolean: (value) => typeof value === "boolean",
	null: (value) => value === null,
};
const CHECKS: Readonly<Record<string, (value: unknown, limit: unknown) => boolean>> = {
	type: (value, type) => [type].flat().some((one) => TYPES[String(one)]?.(value)),
	const: isDeepStrictEqual,
	enum: (value, all) => (all as unknown[]).some((one) => isDeepStrictEqual(one, value)),
	pattern: (value, pattern) => typeof value !== "string" || new RegExp(String(pattern), "u").test(value),
	minLength: atLeast(length),
	maxLength: atMost(length),
	minItems: atLeast(count),
	minProperties: (value, least) => (entriesOf(value)?.length ?? Infinity) >= Number(least),
	minimum: atLeast(number),
	maximum: atMost(number),
	required: (value, keys) => (keys as string[]).every((key) => Object.hasOwn(value ?? {}, key)),
	...Object.fromEntries(["$schema", "title", "description", "default", "format"].map((key) => [key, always])),
	...Object.fromEntries(
		["properties", "additionalProperties", "propertyNames", "items", "anyOf"].map((key) => [key, always]),
	),
};

/** What is wrong with a value, first the place; undefined if nothing is. */
export function faultIn(value: unknown, schema: Schema, at = ""): Fault {
	for (const [keyword, limit] of Object.entries(schema)) {
		const check = CHECKS[keyword];
		if (check === undefined) throw new Error(`the keyword ${keyword} is not known here`);
		if (!check(value, limit)) return `${at}: ${keyword} ${JSON.stringify(limit)}`;
	}
	const { properties = {}, additionalProperties: others, propertyNames, items, anyOf } = schema;
	const known = properties as Readonly<Record<string, Schema>>;
	const within = (entriesOf(value) ?? []).map(([key, one]): Fault => {
		const own = Object.hasOwn(known, key) ? known[key] : others;
		if (own === false) return `${at}.${key}: unknown`;
		return (
			faultIn(key, (propertyNames ?? {}) as Schema, `${at}.${key}`) ??
			(typeof own === "object" ? faultIn(one, own as Schema, `${at}.${key}`) : undefined)
		);
	});
	const listed =
		Array.isArray(value) && items
			? value.map((one, index) => faultIn(one, items as Schema, `${at}[${index}]`))
			: [];
	const forms = ((anyOf ?? []) as Schema[]).map((form) => faultIn(value, form, at));
	const none =
		forms.length > 0 && forms.every((fault) => fault !== undefined)
			? `${at}: none of ${forms.join(" | ")}`
			: undefined;
	return [...within, ...listed, none].find((fault) => fault !== undefined);
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.entries(value)
		: undefined;
}
