// A provider whose name is an engine's needs no `type`.
import { ENGINES } from "../manifest/providers.ts";
import { mapValues } from "../values/origin.ts";
import { isRecord } from "../values/record.ts";
import type { Pass } from "./pass.ts";

export const withEngineNames: Pass = (machine) => {
	if (!isRecord(machine.providers)) return { machine };
	const providers = mapValues(machine.providers, (provider, name) =>
		isRecord(provider) && !("type" in provider) && (ENGINES as readonly string[]).includes(name)
			? { type: name, ...provider }
			: provider,
	);
	return { machine: { ...machine, providers } };
};
