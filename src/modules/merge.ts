// Merges several definitions of a value: lists are concatenated, maps are merged, and defaults are overridden. Conflicting
// definitions are a fault that names both places. A list that is a command is a single value.
import type * as v from "valibot";
import { type Origin, originsOf, withOrigins } from "../values/origin.ts";
import { formsBelow, formsOf, mayBeCommand } from "./commands.ts";

export interface Definition {
	readonly value: unknown;
	/** The source, for messages: `holdfast.yaml`, `module "matrix-synapse"`. */
	readonly by: string;
	/** A definition that is not a default overrides it. */
	readonly isDefault?: boolean;
	/** Where it was written, for parts without an origin. */
	readonly origin?: Origin | undefined;
}

export interface Conflict {
	/** Path relative to the merged value. */
	readonly path: readonly string[];
	readonly message: string;
}

const FALLBACK = Symbol("default");

/** A value that any other definition overrides, for options that one module sets for another. */
export function byDefault<T>(value: T): T {
	return { [FALLBACK]: value } as T;
}

/** `schema`: the schema of the merged value. `deep`: how many levels of maps to merge; a map below that is a single value. */
export function merge(
	definitions: readonly Definition[],
	conflicts: Conflict[],
	schema: v.GenericSchema,
	deep = Number.POSITIVE_INFINITY,
): unknown {
	return mergeAt([], formsOf(schema), definitions, conflicts, deep);
}

function mergeAt(
	path: readonly string[],
	forms: readonly v.GenericSchema[],
	definitions: readonly Definition[],
	conflicts: Conflict[],
	deep: number,
): unknown {
	const all = definitions
		.map((one) =>
			isMap(one.value) && FALLBACK in one.value
				? { ...one, value: one.value[FALLBACK as unknown as string], isDefault: true }
				: one,
		)
		.filter(({ value }) => value !== undefined);
	const [only] = all.length === 1 ? all : [];
	if (only && Array.isArray(only.value)) return only.value;
	const isList = all.length > 0 && all.every(({ value }) => Array.isArray(value));
	if (isList && !mayBeCommand(forms)) return joined(all);
	if (deep > 0 && all.length > 0 && all.every(({ value }) => isMap(value)))
		return mergedMaps(all, (some, key) =>
			mergeAt([...path, key], formsBelow(forms, key), some, conflicts, deep - 1),
		);
	const firm = firmOf(all);
	const candidates = firm.length > 0 ? firm : all;
	const [first, ...others] = candidates;
	const other = others.find(({ value }) => JSON.stringify(value) !== JSON.stringify(first?.value));
	if (first && other)
		conflicts.push({
			path,
			message: `${path.join(".")} is set to ${words(first.value)} by ${first.by} and to ${words(other.value)} by ${other.by}`,
		});
	return first?.value;
}

function mergedMaps(
	maps: readonly Definition[],
	mergeKey: (some: readonly Definition[], key: string) => unknown,
): object {
	const byKey = new Map<string, Definition[]>();
	for (const one of maps)
		for (const [key, value] of Object.entries(one.value as object)) {
			const some = byKey.get(key) ?? [];
			some.push({ ...one, value, origin: originsOf(one.value)?.[key] ?? one.origin });
			byKey.set(key, some);
		}
	const entries = [...byKey].map(([key, some]) => [key, mergeKey(some, key)] as const);
	return withOrigins(
		Object.fromEntries(entries),
		originsAmong([...byKey].map(([key, some]) => [key, (firmOf(some)[0] ?? some[0])?.origin])),
	);
}

/** Without duplicates. */
function joined(lists: readonly Definition[]): unknown[] {
	const seen = new Set<string>();
	const items = lists
		.flatMap(({ value, origin }) =>
			(value as unknown[]).map((item, index) => ({ item, origin: originsOf(value)?.[index] ?? origin })),
		)
		.filter(({ item }) => {
			const key = JSON.stringify(item);
			return !seen.has(key) && seen.add(key);
		});
	return withOrigins(
		items.map(({ item }) => item),
		originsAmong(items.map(({ origin }, index) => [String(index), origin])),
	);
}

/** Undefined if none of them has one. */
function originsAmong(entries: readonly (readonly [string, Origin | undefined])[]) {
	const known = entries.filter((entry): entry is [string, Origin] => entry[1] !== undefined);
	return known.length === 0 ? undefined : Object.fromEntries(known);
}

const firmOf = (all: readonly Definition[]) => all.filter(({ isDefault }) => !isDefault);

export function isMap(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(value: unknown): string {
	const text = JSON.stringify(value);
	return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
