// What a restore does not need from a config: when and for how long archives are made and kept, and who hears of it. For
// commands that look at archives or bring data back, a mistake there is a warning (docs/decisions/0025).
import type { Fault } from "../manifest/faults.ts";
import type { DataPath } from "../values/origin.ts";
import { isRecord, recordOf } from "../values/record.ts";
import type { Written } from "./pass.ts";

/** Keys of a machine, a provider or a state. */
const FOR_OTHERS = ["retention", "schedule", "notify", "metricsFile", "databaseServers"] as const;
export const FOR_STATUS: readonly string[] = FOR_OTHERS;
export const FOR_RESTORE: readonly string[] = [...FOR_OTHERS, "maxAge"];

/** The machine without the keys in which the faults are; undefined if one of them is in a key that is needed. */
export function withoutFaulty(
	machine: unknown,
	faults: readonly Fault[],
	tolerated: readonly string[],
): Written | undefined {
	if (!isRecord(machine)) return undefined;
	const places = faults.map(({ path }) => placeOf(path, tolerated));
	return places.every((place) => place !== undefined) ? places.reduce(without, machine) : undefined;
}

function placeOf(path: DataPath, tolerated: readonly string[]): DataPath | undefined {
	const [kind, , key] = path;
	if (tolerated.includes(String(kind))) return path.slice(0, 1);
	const isInside = kind === "providers" || kind === "state";
	return isInside && tolerated.includes(String(key)) ? path.slice(0, 3) : undefined;
}

function without(map: Written, [first, ...rest]: DataPath): Written {
	if (rest.length === 0) return recordOf(Object.entries(map).filter(([key]) => key !== first));
	const inner = map[String(first)];
	return isRecord(inner) ? { ...map, [String(first)]: without(inner, rest) } : map;
}
