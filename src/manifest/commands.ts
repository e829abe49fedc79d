// Everything in a manifest that is run as a command, to show before somebody else's manifest is adopted.
import { DATABASES } from "../databases/list.ts";
import { ENGINES } from "../engines/list.ts";
import { HEALTH_CHECKS } from "../health/list.ts";
import { NOTIFICATIONS } from "../notify/list.ts";

interface Kind {
	readonly runs?: readonly string[];
}
const KINDS: readonly Kind[] = [...ENGINES, ...DATABASES, ...HEALTH_CHECKS, ...NOTIFICATIONS];

export interface Command {
	/** Keys and indices from the manifest's root. */
	readonly path: readonly (string | number)[];
	readonly text: string;
	/** Whom a hook runs as, if it says so: a user, or the owner of a folder. */
	readonly as?: string;
}

/**
 * Keys whose values are run, or can name what is run: options, environment variables and option files of programs. A test
 * makes sure that every other key that holds text was considered.
 */
export const COMMAND_KEYS: ReadonlySet<string> = new Set([
	...KINDS.flatMap(({ runs = [] }) => runs),
	// Of a hook.
	"command",
	"environment",
	"script",
]);

/** In the manifest's order. */
export function commandsIn(manifest: object): Command[] {
	const found: Command[] = [];
	const visit = (value: unknown, path: readonly (string | number)[]) => {
		if (typeof value !== "object" || value === null) return;
		for (const [key, inner] of Object.entries(value)) {
			const at = [...path, Array.isArray(value) ? Number(key) : key];
			const text = COMMAND_KEYS.has(key) ? textOf(inner) : undefined;
			if (text === undefined) visit(inner, at);
			else found.push({ path: at, text, ...asOf(value) });
		}
	};
	visit(manifest, []);
	return found;
}

/** `command`: the object that holds what is run. */
function asOf(command: object): Pick<Command, "as"> {
	const { user, asOwnerOf } = command as Readonly<Record<string, unknown>>;
	if (typeof user === "string") return { as: user };
	return typeof asOwnerOf === "string" ? { as: `the owner of ${asOwnerOf}` } : {};
}

function textOf(value: unknown): string | undefined {
	if (typeof value === "string") return value;
	if (typeof value !== "object" || value === null) return undefined;
	if (!Object.values(value).every((one) => typeof one === "string")) return undefined;
	const words = Array.isArray(value) ? value : Object.entries(value).map(([name, one]) => `${name}=${one}`);
	return words.length === 0 ? undefined : words.join(" ");
}
