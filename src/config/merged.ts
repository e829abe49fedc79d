// The schema for merging options of one machine from several places before they are validated.
import * as v from "valibot";
import type { Module } from "../modules/module.ts";
import { isRecord } from "../values/record.ts";
import { machineSchema } from "./schema.ts";

/** Only a module knows the meaning of a list in its options. The modules are loaded only if services are merged. */
export async function mergedSchema(
	places: readonly Readonly<Record<string, unknown>>[],
	modules: () => Promise<ReadonlyMap<string, Module>>,
): Promise<v.GenericSchema> {
	if (places.filter(({ services }) => isRecord(services)).length < 2) return machineSchema;
	const options = Object.fromEntries([...(await modules())].map(([name, module]) => [name, module.options]));
	return v.looseObject({ ...machineSchema.entries, services: v.looseObject(options) });
}
