// Maps whose keys are names from outside. `v.record` drops "__proto__" and "constructor", and a plain object seems to have
// keys such as "toString". So these maps have no prototype and accept every key.
import * as v from "valibot";

/** Like `Object.fromEntries`, but without a prototype. */
export function recordOf<V>(entries: Iterable<readonly [string, V]> = []): Record<string, V> {
	const map: Record<string, V> = Object.create(null);
	for (const [key, value] of entries) map[key] = value;
	return map;
}

/** The own property of a map; for maps that were not created in this file. */
export function ownValue<V>(map: Readonly<Record<string, V>>, name: string): V | undefined {
	return Object.hasOwn(map, name) ? map[name] : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

type KeySchema = v.GenericSchema<string, string>;

/** Like `v.record`, and recognized as such by everything that inspects schemas, but for keys of any name. */
export function record<const K extends KeySchema, const V extends v.GenericSchema>(
	key: K,
	value: V,
): v.RecordSchema<K, V, undefined> {
	return {
		...v.record(key, value),
		"~run"(dataset, config) {
			const found: { value: unknown; typed?: boolean; issues?: v.BaseIssue<unknown>[] | undefined } = dataset;
			const input = found.value;
			if (typeof input !== "object" || input === null || Array.isArray(input)) {
				v._addIssue(this, "type", found as never, config);
				return found as never;
			}
			const issues: v.BaseIssue<unknown>[] = [];
			const map = recordOf<unknown>();
			found.typed = true;
			for (const [name, item] of Object.entries(input)) {
				const keyFound = key["~run"]({ value: name }, config);
				const valueFound = value["~run"]({ value: item }, config);
				const at = (origin: "key" | "value") =>
					({ type: "object", origin, input, key: name, value: item }) as v.ObjectPathItem;
				for (const issue of keyFound.issues ?? []) issues.push({ ...issue, path: [at("key")] });
				for (const issue of valueFound.issues ?? [])
					issues.push({ ...issue, path: [at("value"), ...(issue.path ?? [])] });
				if (!keyFound.typed || !valueFound.typed) found.typed = false;
				map[name] = valueFound.value;
				if (config.abortEarly && issues.length > 0) break;
			}
			found.value = map;
			if (issues.length > 0) found.issues = [...(found.issues ?? []), ...issues];
			return found as never;
		},
	};
}
