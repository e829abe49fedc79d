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

export interface Proposal {
	/** Matching modules of the library, with the signs that were found. */
	readonly modules: readonly { readonly name: string; readonly about: string; readonly because: string }[];
	/** Services with a StateDirectory= that no module covers. */
	readonly services: readonly SeenUnit[];
}

/** Folders to look for. */
export function signFolders(): string[] {
	return [...LIBRARY.values()].flatMap(({ signs }) => signs?.folders ?? []);
}

export function propose({ units, folders }: Seen): Proposal {
	const names = new Set(units.map(({ unit }) => unit));
	const stands = new Set([...LIBRARY.values()].flatMap(({ signs }) => signs?.units ?? []));
	return {
		modules: [...LIBRARY.values()].flatMap(({ name, about, signs }) => {
			const unit = signs?.units?.find((one) => names.has(one));
			const folder = signs?.folders?.find((one) => folders.includes(one));
			const because = unit ?? folder;
			return because === undefined ? [] : [{ name, about, because }];
		}),
		services: units.filter(({ unit, stateDirectory }) => stateDirectory.length > 0 && !stands.has(unit)),
	};
}
