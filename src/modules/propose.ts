// Proposes modules for a machine from what was found on it.
import { LIBRARY } from "./library.ts";
import { isOf } from "./unit-signs.ts";

export interface Seen {
	/** Services that are enabled or running, with their suffix. */
	readonly units: readonly SeenUnit[];
	/** Whether this path exists. */
	has(path: string): boolean;
	readonly nixos: boolean;
}

export interface SeenUnit {
	readonly unit: string;
	/** Its StateDirectory=: names below /var/lib. */
	readonly stateDirectory: readonly string[];
}

interface ProposedModule {
	readonly name: string;
	readonly about: string;
	readonly because: string;
	/** Those that differ from the defaults on this machine. */
	readonly options: object;
}

export interface Proposal {
	/** Matching modules of the library, with the signs that were found. */
	readonly modules: readonly ProposedModule[];
	/** Services with a StateDirectory= that no module covers. */
	readonly services: readonly SeenUnit[];
}

export function propose({ units, has, nixos }: Seen): Proposal {
	const names = units.map(({ unit }) => unit);
	const sight = { has, nixos, units: names };
	const covered = new Set<string>();
	const modules = [...LIBRARY.values()].flatMap(({ name, about, signs, found: foundOn }) => {
		const found = (signs?.units ?? []).flatMap((sign) => names.filter((unit) => isOf(unit, sign)));
		for (const unit of found) covered.add(unit);
		const because = found[0] ?? signs?.folders?.find(has);
		if (because === undefined) return [];
		return [{ name, about, because, options: foundOn?.(sight) ?? {} }];
	});
	return {
		modules,
		services: units.filter(({ unit, stateDirectory }) => stateDirectory.length > 0 && !covered.has(unit)),
	};
}
