// Where a value was written. A map or list that was read from a file carries, out of sight, the origin of each of its keys
// or items; a map that is made of another by spreading it keeps them
// (of two, those of the second: see `overlaid`). So a value can be merged and changed, and each
// part of it still says in which line it stands.

/** A file's text. */
export interface Source {
	readonly file: string;
	readonly text: string;
}

export interface Origin {
	readonly source: Source;
	/** Characters from the beginning of the file. */
	readonly offset: number;
	/** Who made the value of what is written there, in words: `state "shop" of module "grafana"`. */
	readonly by?: string;
}

/** Keys and indices from a value down. */
export type DataPath = readonly (string | number)[];

/** By key or index. */
export type Origins = Readonly<Record<string, Origin>>;

const ORIGINS = Symbol("origins");
interface Located {
	[ORIGINS]?: Origins | undefined;
}

/** Gives a map or list, just made, the origins of what it holds. */
export function withOrigins<T extends object>(container: T, origins: Origins | undefined): T {
	if (origins !== undefined) (container as Located)[ORIGINS] = origins;
	return container;
}

export function originsOf(container: unknown): Origins | undefined {
	return typeof container === "object" && container !== null ? (container as Located)[ORIGINS] : undefined;
}

/** Of what is at this path, or of what is nearest above it and says where it was written. */
export function originAt(root: unknown, path: DataPath): Origin | undefined {
	let here = root;
	let found: Origin | undefined;
	for (const key of path) {
		const origins = originsOf(here);
		if (origins && Object.hasOwn(origins, key)) found = origins[key];
		if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) break;
		here = (here as Record<string | number, unknown>)[key];
	}
	return found;
}

/** `{ ...base, ...over }`, with the origins of both. */
export function overlaid(
	base: Readonly<Record<string, unknown>>,
	over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
	return withOrigins({ ...base, ...over }, { ...originsOf(base), ...originsOf(over) });
}

/** A map with the same keys, and other values. */
export function mapValues<V, W>(
	map: Readonly<Record<string, V>>,
	change: (value: V, key: string) => W,
): Record<string, W> {
	return withOrigins(
		Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)])),
		originsOf(map),
	);
}
