// Proposes modules for a machine from what was found on it.
import * as v from "valibot";
import type { Found } from "../host/read-file.ts";
import { LIBRARY } from "./library.ts";
import type { Module, Sight, Told, UnitEnvironment } from "./module.ts";
import { both } from "./settings.ts";
import { isOf } from "./unit-signs.ts";

export interface Seen {
	/** Services that are enabled or running, with their suffix. */
	readonly units: readonly SeenUnit[];
	/** Whether this path exists. */
	has(path: string): boolean;
	/** The text of a small file, or why it is not read; undefined if there is none. */
	read(path: string): Found;
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

export function propose({ units, has, read, nixos }: Seen): Proposal {
	const names = units.map(({ unit }) => unit);
	const environment = (name: string) =>
		units.find(({ unit }) => unit === name)?.environment ?? { assigned: "", files: [] };
	const sight = { has, read, environment, nixos, units: names };
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

/** The same without what applications' own settings say, which cannot be declared: with that said. */
export const withoutSettings = ({ modules, services }: Proposal): Proposal => ({
	modules: modules.map((one) => ({ ...one, options: one.usual, told: refused(one.told) })),
	services,
});

const refused = (told: Told): Told => ({
	...told,
	shown: [],
	unclear: [...told.shown.map((line) => `${line}, and the config cannot have it: check it`), ...told.unclear],
});
