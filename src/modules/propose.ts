// Proposes modules for a machine from what was found on it.
import * as v from "valibot";
import { LIBRARY } from "./library.ts";
import type { FoundSettings, Module, Sight, Told, UnitEnvironment } from "./module.ts";
import { both } from "./settings.ts";
import { isOf } from "./unit-signs.ts";

export interface Seen {
	/** Services that are enabled or running, with their suffix. */
	readonly units: readonly SeenUnit[];
	/** Whether this path exists. */
	has(path: string): boolean;
	/** The text of a small file, or why it is not read; undefined if there is none. */
	read(path: string): FoundSettings;
	/** The user that owns what is at this path; undefined if that is not known. */
	owner(path: string): number | undefined;
	readonly nixos: boolean;
}

export interface SeenUnit {
	readonly unit: string;
	/** Its StateDirectory=: names below /var/lib. */
	readonly stateDirectory: readonly string[];
	readonly environment?: UnitEnvironment;
}

interface ProposedModule {
	readonly name: string;
	readonly about: string;
	readonly because: string;
	/** Those that differ from the defaults on this machine. */
	readonly options: object;
	/** The options without what its own settings say. */
	readonly usual: object;
	/** What its own settings say, apart from the options. */
	readonly told: Told;
}

export interface Proposal {
	/** Matching modules of the library, with the signs that were found. */
	readonly modules: readonly ProposedModule[];
	/** Services with a StateDirectory= that no module covers. */
	readonly services: readonly SeenUnit[];
}

export function propose({ units, has, read, owner, nixos }: Seen): Proposal {
	const names = units.map(({ unit }) => unit);
	const environment = (name: string) =>
		units.find(({ unit }) => unit === name)?.environment ?? { assigned: "", files: [] };
	const sight = { has, read, owner, environment, nixos, units: names };
	const covered = new Set<string>();
	const modules = [...LIBRARY.values()].flatMap((module) => {
		const { name, about, signs } = module;
		const found = (signs?.units ?? []).flatMap((sign) => names.filter((unit) => isOf(unit, sign)));
		for (const unit of found) covered.add(unit);
		const because = found[0] ?? signs?.folders?.find(has);
		return because === undefined ? [] : [{ name, about, because, ...layoutOf(module, sight) }];
	});
	return {
		modules,
		services: units.filter(({ unit, stateDirectory }) => stateDirectory.length > 0 && !covered.has(unit)),
	};
}

const NOTHING: Told = { options: {}, shown: [], unclear: [] };

function layoutOf({ options: schema, found, settings }: Module, sight: Sight) {
	const usual = found?.(sight) ?? {};
	const told = settings?.(sight) ?? NOTHING;
	const options = both(usual, told.options);
	const isPossible = v.safeParse(schema, options).success;
	return { options: isPossible ? options : usual, usual, told: isPossible ? told : refused(told) };
}

/**
 * What `look` makes of the proposal with as much of the applications' own settings as it does not refuse: two may name the
 * same folder. `look` throws if it refuses; what was left out is said in the proposal that it gets.
 */
export async function withPossibleSettings<T>(
	proposal: Proposal,
	look: (some: Proposal) => Promise<T>,
): Promise<T> {
	const all = await look(proposal).catch(() => undefined);
	if (all !== undefined) return all;
	const left = new Set(
		proposal.modules.filter(({ told }) => Object.keys(told.options).length > 0).map(({ name }) => name),
	);
	let possible = await look(withoutSettings(proposal, left));
	for (const name of left) {
		const fewer = new Set([...left].filter((one) => one !== name));
		const more = await look(withoutSettings(proposal, fewer)).catch(() => undefined);
		if (more === undefined) continue;
		possible = more;
		left.delete(name);
	}
	return possible;
}

const withoutSettings = ({ modules, services }: Proposal, names: ReadonlySet<string>): Proposal => ({
	modules: modules.map((one) =>
		names.has(one.name) ? { ...one, options: one.usual, told: refused(one.told) } : one,
	),
	services,
});

const refused = (told: Told): Told => ({
	...told,
	shown: [],
	unclear: [
		...(told.shown.length === 0 ? ["its settings say what the config cannot have: check them"] : []),
		...told.shown.map((line) => `${line}, and the config cannot have it: check it`),
		...told.unclear,
	],
});
