// Expands declared services into states. Pure: depends only on the modules.
import * as v from "valibot";
import { type Fault, faultsIn } from "../manifest/faults.ts";
import { type StateInput, stateSchema } from "../manifest/state.ts";
import { type Origin, originsOf, withOrigins } from "../values/origin.ts";
import { ownValue, recordOf } from "../values/record.ts";
import { type Conflict, type Definition, isMap, merge } from "./merge.ts";
import type { Module } from "./module.ts";

export interface ServicesRequest {
	readonly machine: string;
	readonly nixos: boolean;
	/** As the user wrote them, by module; null if no options were given. */
	readonly services: Readonly<Record<string, unknown>>;
	/** States that the user wrote out. */
	readonly state: Readonly<Record<string, unknown>>;
	/** The config file's name, for messages. */
	readonly file: string;
	/** The module with a name, or undefined. */
	find(name: string): Module | undefined;
}

export interface Expanded {
	/** The merged states of the modules and the user. Not validated yet: the user's part may be invalid. */
	readonly state: Readonly<Record<string, StateInput>>;
	/** Options of every module used, with defaults. */
	readonly options: ReadonlyMap<string, object>;
	/** Paths are relative to the machine: `services`, a module, an option; or `state`, a state, a field. */
	readonly faults: readonly Fault[];
}

export function expandServices(request: ServicesRequest): Expanded {
	const { services, find, file } = request;
	const faults: Fault[] = [];
	const known = Object.keys(services).filter((name) => find(name) !== undefined);
	const order = inOrder(known, find, faults);
	const set = new Map<string, Definition[]>();
	const define = (name: string, one: Definition) => set.set(name, [...(set.get(name) ?? []), one]);
	for (const name of known)
		define(name, { value: services[name] ?? {}, by: file, origin: originsOf(services)?.[name] });

	const yielded: Yielded[] = [];
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
		const origin = definitions[0]?.origin;
		yielded.push({ module: module.name, state, origin });
		for (const [other, value] of Object.entries(others)) {
			if (!module.uses?.includes(other) || !find(other))
				throw new Error(
					`module "${module.name}" sets options of "${other}", which it does not declare in \`uses\``,
				);
			define(other, { value, by: `module "${module.name}"`, origin });
		}
	}
	// In the order of the config; modules that only other modules use come last.
	const position = ({ module }: { module: string }) =>
		known.includes(module) ? known.indexOf(module) : known.length;
	yielded.sort((one, other) => position(one) - position(other));
	return { ...statesOf(request, yielded, faults), options, faults };
}

interface Yielded {
	readonly module: string;
	readonly state: Readonly<Record<string, StateInput>>;
	/** Where the module is used. */
	readonly origin: Origin | undefined;
}

/** Each module comes after all modules that may set its options. */
function inOrder(names: readonly string[], find: ServicesRequest["find"], faults: Fault[]): Module[] {
	const done = new Set<string>();
	const order: Module[] = [];
	const visit = (name: string, trail: readonly string[]) => {
		if (trail.includes(name)) {
			faults.push({
				path: ["services", trail[0] ?? name],
				message: `the modules use each other in a cycle: ${[...trail.slice(trail.indexOf(name)), name].join(" → ")}`,
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

function optionsOf(module: Module, definitions: readonly Definition[], faults: Fault[]): object | undefined {
	const conflicts: Conflict[] = [];
	const value = merge(definitions, conflicts, module.options);
	for (const { path, message } of conflicts)
		faults.push({ path: ["services", module.name, ...path], message });
	const result = v.safeParse(module.options, value);
	if (result.success) return conflicts.length > 0 ? undefined : result.output;
	for (const { path, ...fault } of faultsIn(module.options, result.issues))
		faults.push({ path: ["services", module.name, ...path], ...fault });
	return undefined;
}

function statesOf({ state: written, file }: ServicesRequest, yielded: readonly Yielded[], faults: Fault[]) {
	const state = recordOf<StateInput>();
	const origins = recordOf<Origin>();
	for (const name of new Set([
		...yielded.flatMap((one) => Object.keys(one.state)),
		...Object.keys(written),
	])) {
		const modules = yielded.filter((one) => Object.hasOwn(one.state, name));
		const users = ownValue(written, name);
		const by = `state "${name}" of module "${modules.map(({ module }) => module).join('", "')}"`;
		const origin = originsOf(written)?.[name] ?? withMaker(modules[0]?.origin, by);
		if (origin) origins[name] = origin;
		const definitions = modules.map((one) => ({
			value: withoutKeys(one.state[name] ?? {}, replacedBy(users)),
			by: `module "${one.module}"`,
			isDefault: true,
			origin: withMaker(one.origin, by),
		}));
		const conflicts: Conflict[] = [];
		// Merges a state's fields and its hooks; anything below is one value.
		state[name] = merge(
			[...definitions, ...(users === undefined ? [] : [{ value: users ?? {}, by: file, origin }])],
			conflicts,
			stateSchema,
			2,
		) as StateInput;
		for (const { path, message } of conflicts) faults.push({ path: ["state", name, ...path], message });
	}
	return { state: withOrigins(state, origins) };
}

const withMaker = (origin: Origin | undefined, by: string) => origin && { ...origin, by };

const replacedBy = (users: unknown): readonly unknown[] =>
	isMap(users) && Array.isArray(users.replace) ? users.replace : [];

const withoutKeys = (state: object, keys: readonly unknown[]) =>
	Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(key)));
