// The names in the config, for completion. None of its code is run: of a TypeScript config only literals are read.

import { destinationsIn } from "../engines/list.ts";
import type { Manifest } from "../manifest/schema.ts";
import { isRecord } from "../values/record.ts";
import { findConfig } from "./find.ts";
import { loadConfig } from "./load.ts";
import { readSource } from "./read.ts";

export interface MachineNames {
	readonly machine: string;
	readonly states: readonly string[];
	readonly providers: readonly string[];
	readonly destinations: readonly string[];
	readonly tags: readonly string[];
	/** Of all states. */
	readonly dumps: Manifest["state"][string]["dumps"];
}

/** None if there is no config or it cannot be parsed. `wanted`: the file, if it is named. */
export async function namesInConfig(wanted?: string): Promise<readonly MachineNames[]> {
	const options = { purpose: "names" } as const;
	try {
		if (findConfig(wanted, options).file.endsWith(".ts")) return await plainNames(wanted);
		return [...(await (await loadConfig(wanted, options)).resolve()).values()].map(namesOf);
	} catch {
		return plainNames(wanted).catch(() => []);
	}
}

function namesOf({ machine, state, providers, tags = [] }: Manifest): MachineNames {
	return {
		machine,
		states: Object.keys(state),
		providers: Object.keys(providers),
		destinations: Object.values(providers).flatMap((options) => Object.keys(destinationsIn(options))),
		tags,
		dumps: Object.values(state).flatMap(({ dumps }) => dumps),
	};
}

/** As written in the file, without what modules or tags add. */
async function plainNames(wanted: string | undefined): Promise<MachineNames[]> {
	const options = { purpose: "names" } as const;
	const value = await readSource(findConfig(wanted, options), options);
	const machines = isRecord(value) && isRecord(value.machines) ? value.machines : {};
	return keysOf(machines).map((machine) => {
		const written = machines[machine];
		const { state, services, providers, tags } = isRecord(written) ? written : {};
		return {
			machine,
			states: [...keysOf(state), ...keysOf(services)],
			providers: keysOf(providers),
			destinations: keysOf(providers).flatMap((name) => {
				const options = isRecord(providers) ? providers[name] : undefined;
				return isRecord(options) ? keysOf(options.destinations) : [];
			}),
			tags: Array.isArray(tags) ? areNames(tags) : [],
			dumps: [],
		};
	});
}

/** Invalid names must not end up on a command line. */
const areNames = (words: readonly unknown[]) =>
	words.filter((word): word is string => typeof word === "string" && /^[a-zA-Z0-9_-]+$/.test(word));

const keysOf = (value: unknown): string[] => (isRecord(value) ? areNames(Object.keys(value)) : []);
