// The providers and destinations that a machine and its tags declare in the config file, before anything is derived.
import { addressIn, ENGINES } from "../engines/list.ts";
import { isRecord } from "../values/record.ts";
import { findConfig } from "./find.ts";
import { readSource } from "./read.ts";

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

/** Folders of this machine in which the config that there is has destinations, of whatever machine; empty if it cannot be read. */
export async function archiveFolders(given: string | undefined): Promise<string[]> {
	const options = { purpose: "names" } as const;
	const value = await readSource(findConfig(given, options), options).catch(() => undefined);
	const declaring = [mapIn(value, "machines"), mapIn(value, "tags")].flatMap(Object.values);
	return declaring
		.flatMap((one) => Object.values(mapIn(one, "providers")))
		.flatMap((options) => Object.values(mapIn(options, "destinations")))
		.flatMap((options) =>
			ENGINES.flatMap((engine) => (isRecord(options) ? (addressIn(engine, options) ?? []) : [])),
		)
		.filter((address) => address.startsWith("/"));
}

function mapIn(value: unknown, key: string): Record<string, unknown> {
	const found = isRecord(value) ? value[key] : undefined;
	return isRecord(found) ? found : {};
}
