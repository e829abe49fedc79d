// A view, trigger, routine or event that the server has, and would not create again: a view of a table that is gone, a routine
// that it cannot parse any more. It costs itself, not its database.
import * as v from "valibot";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import { shortLine } from "../../values/printable.ts";
import { isError } from "./server.ts";
import type { Named } from "./shown-object.ts";
import { objectSchema, type StoredObject } from "./stored-object.ts";

export const brokenSchema = v.object({
	kind: v.string(),
	name: v.string(),
	/** The server's error. */
	why: v.string(),
	/** Undefined if the server does not show it. */
	object: v.exactOptional(objectSchema),
	/** What is known of it then. */
	text: v.exactOptional(v.string()),
});
export type Broken = v.InferOutput<typeof brokenSchema>;

/**
 * Errors that are about the server, the connection, our rights or time, not about a definition (MariaDB Knowledge Base, "MariaDB
 * Error Codes"): no disk or memory, too many connections, shut down; denied; locks, interrupted, read-only, killed, time limits; and
 * those of the client. 1356, "references invalid tables or lacks rights", is a definition's.
 */
export const NOT_OF_OBJECT = new RegExp(
	`^ERROR (${["10(21|30|37|38|40|41|53)|1105", "1(135|203|226)", "10(44|45)", "1(142|143|227|370|419)", "1(205|213|290|317|836|927|969)", "3024", "2\\d{3}"].join("|")}) \\(`,
);

/** The error about a definition, in one line; undefined if the server failed for another reason. */
export function faultOfObject(error: unknown): string | undefined {
	if (!(error instanceof HoldfastError)) return undefined;
	const said = error.details.find(isError);
	return said === undefined || NOT_OF_OBJECT.test(said) ? undefined : said;
}

/**
 * Find those for which `check` fails, in few queries if they are few. It is called with several at once, and then with fewer.
 * Throws if it fails for another reason.
 */
export async function sift<T, R>(
	all: readonly T[],
	check: (some: readonly T[]) => Promise<readonly R[]>,
): Promise<{
	readonly good: readonly R[];
	readonly bad: readonly { readonly one: T; readonly why: string }[];
}> {
	if (all.length === 0) return { good: [], bad: [] };
	try {
		return { good: await check(all), bad: [] };
	} catch (error) {
		const why = faultOfObject(error);
		if (why === undefined) throw error;
		const [one, ...others] = all;
		if (one !== undefined && others.length === 0) return { good: [], bad: [{ one, why }] };
		const half = all.length >> 1;
		const first = await sift(all.slice(0, half), check);
		const second = await sift(all.slice(half), check);
		return { good: [...first.good, ...second.good], bad: [...first.bad, ...second.bad] };
	}
}

export function brokenOf({ kind, name }: Named, why: string, more: Pick<Broken, "object" | "text">): Broken {
	return { kind, name, why: shortLine(why), ...more };
}

/** A service may have any number of them. */
const MAX_TOLD = 20;

/** One line for each of the first ones, and how many more there are. */
export function linesOf(broken: readonly Broken[], words: (one: Broken) => string): string[] {
	const more = broken.length - MAX_TOLD;
	return [
		...broken.slice(0, MAX_TOLD).map(words),
		...(more > 0
			? [
					`and ${counted(more, "more view, trigger, routine or event", "more views, triggers, routines or events")}`,
				]
			: []),
	];
}

/** `the view v of app is invalid (ERROR 1356 …)`. */
export function brokenWords(database: string, { kind, name, why }: Broken): string {
	return `the ${kind.toLowerCase()} ${name} of ${database} is invalid (${why})`;
}

export const objectsIn = (broken: readonly Broken[]): StoredObject[] =>
	broken.flatMap(({ object }) => object ?? []);
