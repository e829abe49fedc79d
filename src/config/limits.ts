// Limits for the size of a config. No real config comes near them; a larger one is a mistake or an attack, and is reported with
// its line instead of causing minutes of work or an overflow.
import { type DataPath, type Origin, originAt } from "../values/origin.ts";

/** Bytes of one file. */
export const MAX_BYTES = 8 * 1024 ** 2;
/** Tokens of one file, as its parser counts them. */
export const MAX_TOKENS = 1_000_000;
/** Each is compared with all others. */
export const MAX_ALIASES = 5_000;
/** Levels of nested maps and lists. */
export const DEEPEST = 100;
/** Values, counting those of an alias each time that it is used. */
const MAX_VALUES = 500_000;
/** How many faults are shown. */
export const MAX_FAULTS = 25;

export interface Excess {
	readonly path: DataPath;
	readonly message: string;
	readonly origin: Origin | undefined;
}

interface Way {
	readonly key: string | number;
	readonly above: Way | undefined;
}

/** The first value that exceeds a limit or is not valid text. */
export function excessIn(root: unknown): Excess | undefined {
	const open: { value: unknown; way: Way | undefined; depth: number }[] = [
		{ value: root, way: undefined, depth: 0 },
	];
	const excess = (way: Way | undefined, message: string): Excess => {
		const path = pathOf(way);
		return { path, message, origin: aliasOn(root, path) };
	};
	let values = 0;
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		const { value, way, depth } = next;
		if (++values > MAX_VALUES) return excess(way, `more than ${MAX_VALUES} values, with aliases expanded`);
		if (typeof value === "string" && !value.isWellFormed())
			return excess(way, "a string with invalid Unicode (a lone surrogate)");
		if (typeof value !== "object" || value === null) continue;
		if (depth > DEEPEST) return excess(way, tooDeep);
		// In the order of the file.
		for (const [key, item] of Object.entries(value).reverse())
			open.push({
				value: item,
				way: { key: Array.isArray(value) ? Number(key) : key, above: way },
				depth: depth + 1,
			});
	}
	return undefined;
}

export const tooDeep = `maps and lists nested more than ${DEEPEST} levels deep`;

function pathOf(way: Way | undefined): DataPath {
	const path: (string | number)[] = [];
	for (let at = way; at !== undefined; at = at.above) path.unshift(at.key);
	return path;
}

/** For an alias that refers to a value around it: the fault is at the alias, not at its target. */
function aliasOn(root: unknown, path: DataPath): Origin | undefined {
	let found: Origin | undefined;
	for (const depth of path.keys()) {
		const next = originAt(root, path.slice(0, depth + 1));
		if (found && next && next.offset < found.offset) break;
		found = next;
	}
	return found;
}
