// From the services that a person declares to the states that they own. Pure: modules are asked, nothing else is.
import * as v from "valibot";
import { ownValue, recordOf } from "../values/record.ts";
import { type Conflict, type Definition, isMap, merge } from "./merge.ts";
import type { Module } from "./module.ts";
import type { StateInput } from "./state.ts";

export interface ServicesRequest {
	readonly machine: string;
	readonly nixos: boolean;
	/** As the user wrote them, by module; null where no options were given. */
	readonly services: Readonly<Record<string, unknown>>;
	/** States that the user wrote out. */
	readonly state: Readonly<Record<string, unknown>>;
	/** The config file's name, for messages. */
	readonly file: string;
	/** The module of a name, or undefined. */
	find(name: string): Module | undefined;
}

export interface ServiceFault {
	/** From the machine down: `services`, a module, an option; or `state`, a state, a field. */
	readonly path: readonly (string | number)[];
	readonly message: string;
}

export interface Expanded {
	readonly state: Readonly<Record<string, StateInput>>;
	/** The modules that a state comes from. */
	readonly origins: ReadonlyMap<string, readonly string[]>;
	/** Options of every module that took part, with their defaults. */
	readonly options: ReadonlyMap<string, object>;
	readonly faults: readonly ServiceFault[];
}

export function expandServices(request: ServicesRequest): Expanded {
	const { services, find, file } = request;
	const faults: ServiceFault[] = [];
	const known = Object.keys(services).filter((name) => find(name) !== undefined);
	const order = inOrder(known, find, faults);
	const set = new Map<string, Definition[]>();
	const define = (name: string, one: Definition) => set.set(name, [...(set.get(name) ?? []), one]);
	for (const name of known) define(name, { value: services[name] ?? {}, by: file });

	const yielded: { readonly module: string; readonly state: Readonly<Record<string, StateInput>> }[] = [];
	const options = new Map<string, object>();
	for (const module of order) {
		const definitions = set.get(module.name);
		if (!definitions) continue;
		const own = optionsOf(module, definitions, faults);
		if (own === undefined) continue;
		options.set(module.name, own);
		const { state = {}, services: others = {} } = module.yields(own, {
			name: request.machine,
			nixos: request.nixos,
			declared: known.includes(module.name),
		});
		yielded.push({ module: module.name, state });
		for (const [other, value] of Object.entries(others)) {
			if (!module.uses?.includes(other) || !find(other))
				throw new Error(`module "${module.name}" sets options of "${other}", which it does not use`);
			define(other, { value, by: `module "${module.name}"` });
		}
	}
	// In the order in which the user wrote them; what only modules asked for comes last.
	const position = ({ module }: { module: string }) =>
		known.includes(module) ? known.indexOf(module) : known.length;
	yielded.sort((one, other) => position(one) - position(other));
	return { ...statesOf(request, yielded, faults), options, faults };
}

/** A module after all those that may set options of it. */
function inOrder(names: readonly string[], find: ServicesRequest["find"], faults: ServiceFault[]): Module[] {
	const done = new Set<string>();
	const order: Module[] = [];
	const visit = (name: string, trail: readonly string[]) => {
		if (trail.includes(name)) {
			faults.push({
				path: ["services", trail[0] ?? name],
				message: `the modules use each other: ${[...trail.slice(trail.indexOf(name)), name].join(" → ")}`,
			});
			return;
		}
		const module = find(name);
		if (done.has(name) || !module) return;
		for (const other of module.uses ?? []) visit(other, [...trail, name]);
		done.add(name);
		order.unshift(module);
	};
	for (const name of names) visit(name, []);
	return order;
}

function optionsOf(
	module: Module,
	definitions: readonly Definition[],
	faults: ServiceFault[],
): object | undefined {
	const conflicts: Conflict[] = [];
	const value = merge(definitions, conflicts);
	for (const { path, message } of conflicts)
		faults.push({ path: ["services", module.name, ...path], message });
	const result = v.safeParse(module.options, value);
	if (result.success) return conflicts.length > 0 ? undefined : result.output;
	for (const issue of result.issues) {
		const path = (issue.path ?? []).map((item) => item.key as string | number);
		faults.push({ path: ["services", module.name, ...path], message: issue.message });
	}
	return undefined;
}

function statesOf(
	{ state: written, file }: ServicesRequest,
	yielded: readonly { readonly module: string; readonly state: Readonly<Record<string, StateInput>> }[],
	faults: ServiceFault[],
) {
	const origins = new Map<string, readonly string[]>();
	const names = new Set([...yielded.flatMap(({ state }) => Object.keys(state)), ...Object.keys(written)]);
	const state = recordOf<StateInput>();
	for (const name of names) {
		const users = ownValue(written, name);
		const modules = yielded.filter((one) => Object.hasOwn(one.state, name));
		if (modules.length > 0)
			origins.set(
				name,
				modules.map(({ module }) => module),
			);
		const replaced = isMap(users) && Array.isArray(users.replace) ? users.replace : [];
		const conflicts: Conflict[] = [];
		const { replace: _, ...merged } = merge(
			[
				...modules.map(({ module, state }) => ({
					value: Object.fromEntries(
						Object.entries(state[name] ?? {}).filter(([key]) => !replaced.includes(key)),
					),
					by: `module "${module}"`,
					isDefault: true,
				})),
				...(users === undefined ? [] : [{ value: users ?? {}, by: file }]),
			],
			conflicts,
			// A state's fields, and the hooks in it; what is below is one value.
			2,
		) as StateInput & { replace?: unknown };
		for (const { path, message } of conflicts) faults.push({ path: ["state", name, ...path], message });
		state[name] = merged;
	}
	return { state, origins };
}
