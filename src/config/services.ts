// The services of each machine become states, by the modules that they name. The library is loaded only where there
// are any.
import { basename, dirname, resolve } from "node:path";
import * as v from "valibot";
import type { Module } from "../modules/module.ts";
import { stateSchema } from "../modules/state.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import { record, recordOf } from "../values/record.ts";
import { type Fault, faultsOf } from "./faults.ts";
import type { ConfigCode } from "./obey.ts";
import type { MachineInput } from "./resolve.ts";
import type { Config } from "./schema.ts";

interface WithServices {
	readonly machines: Readonly<Record<string, MachineInput>>;
	readonly faults: readonly Fault[];
	/** A fault in a state that a module declares is the line that asks for the module. */
	relocate(fault: Fault): Fault;
}

export async function withServices(config: Config, code: ConfigCode): Promise<WithServices> {
	const faults: Fault[] = [];
	const origins = new Map<string, readonly string[]>();
	const machines = recordOf<MachineInput>();
	for (const [name, machine] of Object.entries(config.machines)) {
		const { services = {}, state = {}, ...rest } = machine;
		if (Object.keys(services).length === 0) {
			machines[name] = { ...rest, state: withoutReplace(state) };
			continue;
		}
		const { expandServices } = await import("../modules/expand.ts");
		const modules = await modulesOf(config, code);
		for (const module of Object.keys(services).filter((one) => !modules.has(one))) {
			const meant = nearest(module, [...modules.keys()]);
			faults.push({
				path: ["machines", name, "services", module],
				message: `there is no module "${module}"`,
				hint: meant ? `did you mean "${meant}"?` : "see them all with: holdfast modules",
			});
		}
		const expanded = expandServices({
			machine: name,
			nixos: machine.system === "nixos",
			services,
			state,
			file: basename(code.file),
			find: (one) => modules.get(one),
		});
		for (const [one, from] of expanded.origins) origins.set(`${name}.${one}`, from);
		faults.push(
			...expanded.faults.map(({ path, message }) => ({ path: ["machines", name, ...path], message })),
		);
		machines[name] = { ...rest, state: expanded.state };
	}
	const relocate = (fault: Fault): Fault => {
		const [, machine, kind, state] = fault.path;
		const modules = kind === "state" ? origins.get(`${machine}.${state}`) : undefined;
		const written = config.machines[String(machine)]?.state?.[String(state)] !== undefined;
		if (!modules || written) return fault;
		return {
			...fault,
			path: ["machines", String(machine), "services", modules[0] ?? ""],
			message: `${fault.message} (state "${state}" of module "${modules.join('", "')}")`,
		};
	};
	// What modules and users wrote together must be a state as well.
	for (const [name, { state = {} }] of Object.entries(machines))
		faults.push(
			...faultsOf(record(v.string(), stateSchema), state).map((fault) =>
				relocate({ ...fault, path: ["machines", name, "state", ...fault.path] }),
			),
		);
	return { machines, faults, relocate };
}

/** `replace` means nothing where no module is. */
function withoutReplace(states: NonNullable<Config["machines"][string]["state"]>): MachineInput["state"] {
	return recordOf(Object.entries(states).map(([name, { replace: _, ...state }]) => [name, state] as const));
}

/** The library, and the user's own modules, which may take the place of one of it. */
export async function modulesOf(
	config: Pick<Config, "modules">,
	code: ConfigCode,
): Promise<Map<string, Module>> {
	const { LIBRARY } = await import("../modules/library.ts");
	const modules = new Map(LIBRARY);
	for (const path of code.isRun ? (config.modules ?? []) : []) {
		const { importTypeScript } = await import("./typescript.ts");
		const at = resolve(dirname(code.file), path);
		for (const value of Object.values(await importTypeScript(at, code))) {
			if (!isModule(value))
				throw new HoldfastError("config-invalid", `${at}: what it exports is not a module`, {
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
