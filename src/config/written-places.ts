// The providers and destinations that a machine and its tags declare in the config file, before anything is derived.
import { isRecord } from "../values/record.ts";

/** Their names; of all that is written, whether or not it is valid. */
export function writtenPlaces(value: unknown, machine: string): string[] {
	const machines = mapIn(value, "machines");
	const declared = Object.hasOwn(machines, machine) ? machines[machine] : undefined;
	const tags = isRecord(declared) && Array.isArray(declared.tags) ? declared.tags.map(String) : [];
	const tagged = mapIn(value, "tags");
	return [declared, ...tags.map((tag) => (Object.hasOwn(tagged, tag) ? tagged[tag] : undefined))].flatMap(
		(one) =>
			Object.entries(mapIn(one, "providers")).flatMap(([name, options]) => [
				name,
				...Object.keys(mapIn(options, "destinations")),
			]),
	);
}

function mapIn(value: unknown, key: string): Record<string, unknown> {
	const found = isRecord(value) ? value[key] : undefined;
	return isRecord(found) ? found : {};
}
