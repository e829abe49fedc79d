// Expands the services of a machine into states with the modules that they name. The library is loaded only if there are any.
import { dirname, resolve } from "node:path";
import type { Fault } from "../manifest/faults.ts";
import type { Module } from "../modules/module.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import { isRecord } from "../values/record.ts";
import type { ConfigCode } from "./obey.ts";
import type { Pass, Written } from "./pass.ts";

export const withServices: Pass = async (machine, { name, file, modules: load }) => {
	const services = isRecord(machine.services) ? machine.services : {};
	if (Object.keys(services).length === 0) return { machine };
	const { expandServices } = await import("../modules/expand.ts");
	const modules = await load();
	const { state, faults } = expandServices({
		machine: name,
		nixos: machine.system === "nixos",
		services,
		state: isRecord(machine.state) ? machine.state : {},
		file,
		find: (one) => (isOptions(services[one]) ? modules.get(one) : undefined),
	});
	return { machine: { ...machine, state }, faults: [...unknownModules(services, modules), ...faults] };
};

/** The schema refuses anything else. A module that only other modules use has no options in the config. */
const isOptions = (value: unknown) => value === undefined || value === null || isRecord(value);

function unknownModules(services: Written, modules: ReadonlyMap<string, Module>): Fault[] {
	return Object.keys(services)
		.filter((one) => !modules.has(one))
		.map((module) => {
			const meant = nearest(module, [...modules.keys()]);
			return {
				path: ["services", module],
				message: `module "${module}" does not exist`,
				hint: meant ? `did you mean "${meant}"?` : "list all modules with: holdfast modules",
			};
		});
}

/** The library and the user's own modules, which may replace modules of the library. */
export async function modulesOf(
	config: { readonly modules?: readonly string[] | undefined },
	code: ConfigCode,
): Promise<Map<string, Module>> {
	const { LIBRARY } = await import("../modules/library.ts");
	const modules = new Map(LIBRARY);
	for (const path of code.isRun ? (config.modules ?? []) : []) {
		const { importTypeScript } = await import("./typescript.ts");
		const at = resolve(dirname(code.file), path);
		for (const value of Object.values(await importTypeScript(at, code))) {
			if (!isModule(value))
				throw new HoldfastError("config-invalid", `${at}: it exports something that is not a module`, {
					subject: at,
					hint: 'write: import { defineModule, v } from "holdfast"; export const mine = defineModule({ name: …, about: …, sources: […], options: v.strictObject({ … }), yields: … })',
				});
			modules.set(value.name, value);
		}
	}
	return modules;
}

function isModule(value: unknown): value is Module {
	const { name, options, yields } = (value ?? {}) as Partial<Module>;
	return typeof name === "string" && typeof options === "object" && typeof yields === "function";
}
