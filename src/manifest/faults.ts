// Turns the issues of a schema into messages, each with its path and the key that was probably meant.
import * as v from "valibot";
import { nearest } from "../values/nearest.ts";
import type { DataPath, Origin } from "../values/origin.ts";
import { isRecord, ownValue } from "../values/record.ts";
import { homeOf, sameWord } from "./key-meant.ts";
import { RENAMED } from "./old-keys.ts";
import { type Form, formsOf, knownKeys, type Schema, type Step, schemaAt } from "./schema-at.ts";

export interface Fault {
	readonly path: DataPath;
	readonly message: string;
	readonly hint?: string;
	/** Where it is, if that does not follow from the path. */
	readonly origin?: Origin | undefined;
}

/** More than are shown, because a tag can cause the same fault several times. */
const MAX_LOOKED_AT = 1_000;

/** The faults that the schema finds in a value. */
export function faultsOf(schema: v.GenericSchema, value: unknown): Fault[] {
	const { issues = [] } = v.safeParse(schema, value);
	return faultsIn(schema, issues);
}

/** The issues of a schema as faults. `whole`: the schema in which a key may belong elsewhere, if that has more than `schema`. */
export function faultsIn(
	schema: v.GenericSchema,
	issues: readonly v.BaseIssue<unknown>[],
	whole = schema,
): Fault[] {
	const faults = issues
		.slice(0, MAX_LOOKED_AT)
		.flatMap((issue) => faultOf({ schema: schema as Schema, whole: whole as Schema }, issue, []));
	const [first] = issues;
	// Without a fault the value would pass for a valid one.
	if (faults.length > 0 || first === undefined) return faults;
	const path = (first.path ?? []).map(({ key }) => key as string | number);
	return [{ path, message: first.message }];
}

/** What a value is checked against; and the schema of all around it, in which `above` leads to the value. */
interface Against {
	readonly schema: Schema;
	readonly whole: Schema;
}

function faultOf(against: Against, issue: v.BaseIssue<unknown>, above: DataPath): Fault[] {
	const path = [...above, ...(issue.path ?? []).map((item) => item.key as string | number)];
	if (issue.type === "union" && isRecord(issue.input)) return bestForm(against, issue, path);
	const key = String(path.at(-1));
	if (issue.type === "strict_object" && issue.expected === "never")
		return unknownKeys(against, issue.path ?? [], path);
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
function unknownKeys({ schema, whole }: Against, steps: readonly Step[], path: DataPath): Fault[] {
	const parent = steps.at(-1)?.input;
	// Its items are keys to the schema.
	if (Array.isArray(parent)) return [{ path: path.slice(0, -1), message: "expected a map, found a list" }];
	const known = knownKeys(schema, steps.slice(0, -1), parent);
	return Object.keys(isRecord(parent) ? parent : {})
		.filter((key) => !known.includes(key))
		.slice(0, MAX_LOOKED_AT)
		.map((key) => {
			const value = isRecord(parent) ? parent[key] : undefined;
			const meant = keyMeant(key, value, known, whole, path.slice(0, -1));
			return {
				path: [...path.slice(0, -1), key],
				message: `unknown key "${key}"`,
				hint: meant ? `did you mean "${meant}"?` : `the keys here are: ${known.join(", ")}`,
			};
		});
}

/** The key here that was meant, or the path of that in another map. */
function keyMeant(key: string, value: unknown, known: readonly string[], whole: Schema, at: DataPath) {
	const now = ownValue(RENAMED, key) ?? "";
	if (known.includes(now)) return now;
	return sameWord(key, value, known) ?? nearest(key, known) ?? homeOf(key, value, whole, at);
}

/** For a map that has no form of a union: the faults against the form that its keys name. */
function bestForm({ schema, whole }: Against, issue: v.BaseIssue<unknown>, path: DataPath): Fault[] {
	const given = isRecord(issue.input) ? issue.input : {};
	const forms = formsOf(schemaAt(schema, issue.path ?? []));
	const kinds = [...new Set(forms.flatMap(({ needed }) => needed.slice(0, 1)))];
	const isOfKinds = kinds.length > 1 && forms.every(({ needed }) => needed.length > 0);
	const meant = forms.filter(({ needed }) => needed.some((key) => Object.hasOwn(given, key)));
	if (isOfKinds && meant.length === 0) return withoutKind(forms, given, path, kinds, whole);
	const [best] = (isOfKinds ? meant : forms)
		.map((form) => {
			const { issues = [] } = v.safeParse(form.schema, given);
			const known = Object.keys(form.entries);
			return { form, issues, like: Object.keys(given).filter((key) => nearest(key, known)).length };
		})
		.sort((a, b) => a.issues.length - b.issues.length || b.like - a.like);
	if (!best) return [{ path, message: issue.message }];
	return best.issues.flatMap((item) => faultOf({ schema: best.form.schema, whole }, item, path));
}

/** No key names a kind. If one nearly does, the others are checked as if it did. */
function withoutKind(
	forms: readonly Form[],
	given: Readonly<Record<string, unknown>>,
	path: DataPath,
	kinds: readonly string[],
	whole: Schema,
): Fault[] {
	const keys = Object.keys(given);
	const key = keys.find((one) => nearest(one, kinds)) ?? keys.find((one) => !isKnown(forms, one)) ?? keys[0];
	if (key === undefined)
		return [{ path, message: "it is empty", hint: `the kinds are: ${kinds.join(", ")}` }];
	const meant = nearest(key, kinds);
	const fault = {
		path: [...path, key],
		message: isKnown(forms, key) ? `"${key}" names no kind` : `unknown key "${key}"`,
		hint: meant === undefined ? `the kinds are: ${kinds.join(", ")}` : `did you mean "${meant}"?`,
	};
	const form = forms.find(({ needed: [kind] }) => kind === meant);
	if (form === undefined || meant === undefined) return [fault];
	const { [key]: value, ...others } = given;
	const { issues = [] } = v.safeParse(form.schema, { ...others, [meant]: value });
	return [fault, ...issues.flatMap((item) => faultOf({ schema: form.schema, whole }, item, path))];
}

const isKnown = (forms: readonly Form[], key: string) =>
	forms.some(({ entries }) => Object.hasOwn(entries, key));

const words = (kind: string) =>
	({
		Object: "a map",
		Array: "a list",
		string: "a text",
		undefined: "nothing",
		null: "nothing",
	})[kind] ?? kind;
