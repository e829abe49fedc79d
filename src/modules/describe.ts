// Describes a module: its options as a JSON Schema, and what it declares.
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import type { JsonSchema } from "../manifest/json-keys.ts";
import type { StateInput } from "../manifest/state.ts";
import { expandServices } from "./expand.ts";
import { LIBRARY } from "./library.ts";
import type { Module } from "./module.ts";

export function optionsJsonSchema({ options }: Module): JsonSchema {
	return toJsonSchema(options as v.GenericSchema, { errorMode: "ignore", typeMode: "input" }) as JsonSchema;
}

/** The states that a module declares with its defaults, and the modules that it uses; none if it has required options. */
export function usually(module: Module): {
	readonly state: Readonly<Record<string, StateInput>> | undefined;
	readonly asks: readonly string[];
} {
	if (!v.safeParse(module.options, {}).success) return { state: undefined, asks: [] };
	const { state, options } = declares(module, LIBRARY, {}, false);
	return {
		state: Object.keys(state).length === 0 ? undefined : state,
		asks: [...options.keys()].filter((name) => name !== module.name),
	};
}

/** What a module would declare with these options. */
export function declares(
	module: Module,
	modules: ReadonlyMap<string, Module>,
	options: object,
	nixos: boolean,
) {
	return expandServices({
		machine: "machine",
		nixos,
		services: { [module.name]: options },
		state: {},
		file: "the config",
		find: (name) => (name === module.name ? module : modules.get(name)),
	});
}
