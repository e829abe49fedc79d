// Where a value was written. A map or list read from a file carries the origin of each key or item in a hidden property.
// Spreading a map keeps them (with two maps, those of the second: see `overlaid`). So after merging and changing a value,
// the line of each part is still known.

/** A file's text. */
export interface Source {
	readonly file: string;
	readonly text: string;
}

export interface Origin {
	readonly source: Source;
	/** Offset in characters from the beginning of the file. */
	readonly offset: number;
	/** What produced the value from what is written there: `state "shop" of module "grafana"`. */
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

/** Attach the origins of its items to a new map or list. */
export function withOrigins<T extends object>(container: T, origins: Origins | undefined): T {
	if (origins !== undefined) (container as Located)[ORIGINS] = origins;
	return container;
}

export function originsOf(container: unknown): Origins | undefined {
	return typeof container === "object" && container !== null ? (container as Located)[ORIGINS] : undefined;
}

/** The origin of the value at this path, or of the nearest one above it that has one. */
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
