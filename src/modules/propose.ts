// Proposes modules for a machine from what was found on it.
import { LIBRARY } from "./library.ts";

export interface Seen {
	/** Services that are enabled or running, with their suffix. */
	readonly units: readonly SeenUnit[];
	/** Those of `signFolders` that exist. */
	readonly folders: readonly string[];
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
	/** What the signs say of its options. */
	readonly options: Readonly<Record<string, readonly string[]>>;
}

export interface Proposal {
	/** Matching modules of the library, with the signs that were found. */
	readonly modules: readonly ProposedModule[];
	/** Services with a StateDirectory= that no module covers. */
	readonly services: readonly SeenUnit[];
}

/** Folders to look for. */
export function signFolders(): string[] {
	return [...LIBRARY.values()].flatMap(({ signs }) => signs?.folders ?? []);
}

export function propose({ units, folders }: Seen): Proposal {
	const names = units.map(({ unit }) => unit);
	const covered = new Set<string>();
	const modules = [...LIBRARY.values()].flatMap(({ name, about, signs }) => {
		const found = (signs?.units ?? []).flatMap((sign) => names.filter((unit) => isOf(unit, sign)));
		for (const unit of found) covered.add(unit);
		const because = found[0] ?? signs?.folders?.find((one) => folders.includes(one));
		if (because === undefined) return [];
		const instances = found.flatMap((unit) => instanceOf(unit) ?? []);
		const isAsked = signs?.instances !== undefined && instances.length > 0;
		return [{ name, about, because, options: isAsked ? { [signs.instances]: instances } : {} }];
	});
	return {
		modules,
		services: units.filter(({ unit, stateDirectory }) => stateDirectory.length > 0 && !covered.has(unit)),
	};
}

const isOf = (unit: string, sign: string) =>
	unit === sign || (sign.includes("@.") && unit.replace(/@[^.]+\./, "@.") === sign);

const instanceOf = (unit: string) => /@([^.]+)\./.exec(unit)?.[1];
