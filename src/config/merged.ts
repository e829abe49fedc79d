// The schema by which options of one machine that stand in several places become one, before they are checked.
import * as v from "valibot";
import type { Module } from "../modules/module.ts";
import { isRecord } from "../values/record.ts";
import { machineSchema } from "./schema.ts";

/** What a list of a module's option means is known to the module alone; these are loaded only where services are merged. */
export async function mergedSchema(
	places: readonly Readonly<Record<string, unknown>>[],
	modules: () => Promise<ReadonlyMap<string, Module>>,
): Promise<v.GenericSchema> {
	if (places.filter(({ services }) => isRecord(services)).length < 2) return machineSchema;
	const options = Object.fromEntries([...(await modules())].map(([name, module]) => [name, module.options]));
	return v.looseObject({ ...machineSchema.entries, services: v.looseObject(options) });
}
