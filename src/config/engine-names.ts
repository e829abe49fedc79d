// A provider named after an engine needs no `type`.
import { engineNamed } from "../engines/list.ts";
import { mapValues } from "../values/origin.ts";
import { isRecord } from "../values/record.ts";
import type { Pass } from "./pass.ts";

export const withEngineNames: Pass = (machine) => {
	if (!isRecord(machine.providers)) return { machine };
	const providers = mapValues(machine.providers, (provider, name) =>
		isRecord(provider) && !("type" in provider) && engineNamed(name) !== undefined
			? { type: name, ...provider }
			: provider,
	);
	return { machine: { ...machine, providers } };
};
