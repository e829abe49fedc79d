// Turns the issues of a schema into messages, each with its path and the key that was probably meant.
import * as v from "valibot";
import { nearest } from "../values/nearest.ts";
import type { DataPath, Origin } from "../values/origin.ts";
import { isRecord, ownValue } from "../values/record.ts";
import { RENAMED } from "./old-keys.ts";

export interface Fault {
	readonly path: DataPath;
	readonly message: string;
	readonly hint?: string;
	/** Where it is, if that does not follow from the path. */
	readonly origin?: Origin | undefined;
}

type Schema = v.GenericSchema & {
	entries?: Record<string, Schema>;
	options?: Schema[];
	wrapped?: Schema;
	value?: Schema;
	item?: Schema;
};

/** More than are shown, because a tag can cause the same fault several times. */
const MOST_LOOKED_AT = 1_000;

/** The faults that the schema finds in a value. */
export function faultsOf(schema: v.GenericSchema, value: unknown): Fault[] {
	const { issues = [] } = v.safeParse(schema, value);
	return faultsIn(schema, issues);
}

/** The issues of a schema as faults. */
export function faultsIn(schema: v.GenericSchema, issues: readonly v.BaseIssue<unknown>[]): Fault[] {
	const faults = issues.slice(0, MOST_LOOKED_AT).flatMap((issue) => faultOf(schema as Schema, issue, []));
	const [first] = issues;
	// Without a fault the value would pass for a valid one.
	if (faults.length > 0 || first === undefined) return faults;
	const path = (first.path ?? []).map(({ key }) => key as string | number);
	return [{ path, message: first.message }];
}

function faultOf(schema: Schema, issue: v.BaseIssue<unknown>, above: DataPath): Fault[] {
	const path = [...above, ...(issue.path ?? []).map((item) => item.key as string | number)];
	if (issue.type === "union" && isRecord(issue.input)) return bestOption(schema, issue, path);
	const key = String(path.at(-1));
	if (issue.type === "strict_object" && issue.expected === "never")
		return unknownKeys(schema, (issue.path?.at(-1) as { input?: unknown } | undefined)?.input, path, above);
	if (issue.type === "strict_object" && issue.received === "undefined")
		return [{ path: path.slice(0, -1), message: `the key "${key}" is missing` }];
	if (issue.type === "variant") {
		const given = issue.path?.at(-1)?.value;
		const types = issue.expected?.replaceAll(/[()]/g, "") ?? "";
		// Without a type, the name is taken as the type.
		const meant = nearest(
			String(given ?? path.at(-2)),
			[...types.matchAll(/"([^"]+)"/g)].map(([, type = ""]) => type),
		);
		return [
			{
				path,
				message: given === undefined ? 'the key "type" is missing' : `unknown type "${String(given)}"`,
				hint: `the types are: ${types}${meant === undefined ? "" : `; did you mean "${meant}"?`}`,
			},
		];
	}
	if (issue.kind === "schema" && !issue.message.startsWith("Invalid"))
		return [{ path, message: issue.message }];
	if (issue.kind === "schema")
		return [
			{
				path,
				message: `expected ${words(issue.expected ?? "another value")}, found ${words(issue.received)}`,
			},
		];
	return [{ path, message: issue.message.startsWith("Invalid") ? limitOf(issue) : issue.message }];
}

/** The requirement for a number or the length of a list, if the schema has no message for it. */
function limitOf({ type, expected, received }: v.BaseIssue<unknown>): string {
	const limit = /^([<>]=)(.*)$/.exec(expected ?? "");
	const wanted = limit ? `${limit[1] === ">=" ? "at least" : "at most"} ${limit[2]}` : (expected ?? "");
	if (type === "min_length") return `expected ${wanted} in this list, found ${received}`;
	return `expected ${type === "integer" ? "a whole number" : wanted}, found ${received}`;
}

/** All unknown keys: the schema itself stops at the first. */
function unknownKeys(schema: Schema, parent: unknown, path: DataPath, above: DataPath): Fault[] {
	// Its items are keys to the schema.
	if (Array.isArray(parent)) return [{ path: path.slice(0, -1), message: "expected a map, found a list" }];
	const known = knownKeys(schema, path.slice(above.length, -1), parent);
	return Object.keys(isRecord(parent) ? parent : {})
		.filter((key) => !known.includes(key))
		.slice(0, MOST_LOOKED_AT)
		.map((key) => {
			const now = ownValue(RENAMED, key) ?? "";
			const meant = known.includes(now) ? now : nearest(key, known);
			return {
				path: [...path.slice(0, -1), key],
				message: `unknown key "${key}"`,
				hint: meant ? `did you mean "${meant}"?` : `the keys here are: ${known.join(", ")}`,
			};
		});
}

/** For an object that matches no option of a union, the faults against the closest option. */
function bestOption(schema: Schema, issue: v.BaseIssue<unknown>, path: DataPath): Fault[] {
	const union = schemaAt(schema, path, issue.input);
	const given = Object.keys(isRecord(issue.input) ? issue.input : {});
	const [best] = (union?.options ?? [])
		.flatMap((option) => {
			const { entries } = unwrap(option);
			if (!entries) return [];
			const { issues = [] } = v.safeParse(option, issue.input);
			return { option, issues, like: given.filter((key) => nearest(key, Object.keys(entries))).length };
		})
		.sort((a, b) => a.issues.length - b.issues.length || b.like - a.like);
	if (!best) return [{ path, message: issue.message }];
	return best.issues.flatMap((item) => faultOf(best.option, item, path));
}

const words = (kind: string) =>
	({
		Object: "a map",
		Array: "a list",
		string: "a text",
		undefined: "nothing",
		null: "nothing",
	})[kind] ?? kind;

function unwrap(schema: Schema): Schema {
	return schema.wrapped ? unwrap(schema.wrapped) : schema;
}

function schemaAt(schema: Schema, path: DataPath, _input: unknown): Schema | undefined {
	let here: Schema | undefined = unwrap(schema);
	for (const part of path) {
		if (!here) return undefined;
		if (here.entries) here = ownValue(here.entries, String(part));
		else if (here.options && here.type === "variant")
			here = here.options.map((option) => unwrap(option).entries?.[String(part)]).find(Boolean);
		else here = here.value ?? here.item;
		here = here && unwrap(here);
	}
	return here;
}

function knownKeys(schema: Schema, path: DataPath, parent: unknown): string[] {
	const here = schemaAt(schema, path, parent);
	if (here?.entries) return Object.keys(here.entries);
	const type = isRecord(parent) ? parent.type : undefined;
	const option = here?.options?.find(
		(item) => (unwrap(item).entries?.type as { literal?: unknown } | undefined)?.literal === type,
	);
	return Object.keys((option && unwrap(option).entries) ?? {});
}
