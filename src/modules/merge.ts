// Several definitions of one value become one: lists are added up, maps are merged, a default gives way. Two that
// say different things are a fault that names both places. A list that is a command is one value.

import { HOOKS } from "../manifest/schema.ts";

export interface Definition {
	readonly value: unknown;
	/** Who says so, in words: `holdfast.yaml`, `module "matrix-synapse"`. */
	readonly by: string;
	/** Gives way to one that is not. */
	readonly isDefault?: boolean;
}

export interface Conflict {
	/** Keys from the merged value down. */
	readonly path: readonly string[];
	readonly message: string;
}

const FALLBACK = Symbol("default");

/** Keys whose lists are a program and its arguments: half of one and half of another would be neither. */
const COMMANDS: ReadonlySet<string> = new Set([
	...HOOKS,
	"command",
	"passphraseCommand",
	"get",
	"set",
	"occ",
]);

/** A value that anybody may override, in options that one module sets of another. */
export function byDefault<T>(value: T): T {
	return { [FALLBACK]: value } as T;
}

/** `deep`: how many levels of maps are merged; a map below that is one value. */
export function merge(
	definitions: readonly Definition[],
	conflicts: Conflict[],
	deep = Number.POSITIVE_INFINITY,
	path: readonly string[] = [],
): unknown {
	const all = definitions
		.map((one) =>
			isMap(one.value) && FALLBACK in one.value
				? { ...one, value: one.value[FALLBACK as unknown as string], isDefault: true }
				: one,
		)
		.filter(({ value }) => value !== undefined);
	if (all.length === 1 && Array.isArray(all[0]?.value)) return all[0].value;
	if (
		all.length > 0 &&
		all.every(({ value }) => Array.isArray(value)) &&
		!COMMANDS.has(path[path.length - 1] ?? "")
	)
		return unique(all.flatMap(({ value }) => value as unknown[]));
	if (deep > 0 && all.length > 0 && all.every(({ value }) => isMap(value))) {
		const byKey = new Map<string, Definition[]>();
		for (const one of all)
			for (const [key, value] of Object.entries(one.value as object)) {
				const some = byKey.get(key) ?? [];
				some.push({ ...one, value });
				byKey.set(key, some);
			}
		return Object.fromEntries(
			[...byKey].map(([key, some]) => [key, merge(some, conflicts, deep - 1, [...path, key])]),
		);
	}
	const firm = all.filter(({ isDefault }) => !isDefault);
	const candidates = firm.length > 0 ? firm : all;
	const [first, ...others] = candidates;
	const other = others.find(({ value }) => JSON.stringify(value) !== JSON.stringify(first?.value));
	if (first && other)
		conflicts.push({
			path,
			message: `${path.join(".")} is ${words(first.value)} by ${first.by} and ${words(other.value)} by ${other.by}`,
		});
	return first?.value;
}

export function isMap(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unique(values: readonly unknown[]): unknown[] {
	const seen = new Set<string>();
	return values.filter((value) => {
		const key = JSON.stringify(value);
		return !seen.has(key) && seen.add(key);
	});
}

function words(value: unknown): string {
	const text = JSON.stringify(value);
	return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
