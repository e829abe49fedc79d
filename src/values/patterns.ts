// What `exclude` means, the same for every engine (docs/reference/patterns.md). A pattern is parsed here, once; each engine
// prints what it is given in its own language. What some engine cannot express is refused here for all of them.
import type { Exclusion, Token } from "./exclusion.ts";
import { parsePattern } from "./pattern-text.ts";

/** Why a text is no pattern, in words; undefined when it is one. */
export function patternFault(text: string): string | undefined {
	try {
		parsePattern(text);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

/**
 * What a pattern leaves out below a folder (absolute, normalised); nothing when it has nothing to do with that folder. An
 * exclusion without any part is the folder itself. Throws in words for what is no pattern.
 */
export function below(folder: string, text: string): Exclusion[] {
	const { kind, parts } = parsePattern(text);
	if (kind === "name") return [["**", ...parts]];
	return kind === "below" ? [parts] : after(parts, folder.split("/").slice(1));
}

/** Whether one of these leaves out what has these names below the folder that they are for. */
export function leavesOut(exclusions: readonly Exclusion[], names: readonly string[]): boolean {
	return exclusions.some((exclusion) => after(exclusion, names).some(({ length }) => length === 0));
}

/**
 * What of an exclusion is still to be matched once these names are: several where `**` may stand for several numbers of them,
 * and one without any part where it has left them out.
 */
function after(parts: Exclusion, names: readonly string[]): Exclusion[] {
	let starts: ReadonlySet<number> = new Set([0]);
	for (const name of names) {
		const next = new Set<number>();
		for (const start of starts)
			for (let at = start; at < parts.length; at++) {
				const part = parts[at] ?? [];
				if (part === "**") next.add(at);
				else {
					if (matchesName(part, name)) next.add(at + 1);
					break;
				}
			}
		// What leaves out a folder leaves out all that is in it.
		if (next.has(parts.length)) return [[]];
		starts = next;
	}
	return [...starts].map((start) => parts.slice(start));
}

/** A path below a folder (both absolute and normalised) as the exclusion of just that; none when it is not below. */
export function pathBelow(folder: string, path: string): Exclusion[] {
	return path.startsWith(`${folder}/`)
		? [
				path
					.slice(folder.length + 1)
					.split("/")
					.map((name) => [name]),
			]
		: [];
}

/** A pattern that matches exactly this path, and everything in it. */
export function asPattern(path: string): string {
	return path.replace(/[\\*?[]/g, "\\$&");
}

/** Whether an exclusion leaves out the folder itself, or everything that could be in it. */
export function leavesNothing(exclusion: Exclusion): boolean {
	const [first, ...more] = exclusion.filter((part) => part !== "**");
	return first === undefined || (more.length === 0 && first.every(isAny));
}

const isAny = (token: Token) => typeof token !== "string" && "any" in token;

function matchesName(part: readonly Token[], name: string): boolean {
	return new RegExp(`^${part.map(expressionOf).join("")}$`, "su").test(name);
}

function expressionOf(token: Token): string {
	if (typeof token === "string") return token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
	if ("any" in token) return ".*";
	return `[${token.one.map(([from, to]) => `${hex(from)}-${hex(to)}`).join("")}]`;
}
const hex = (code: number) => `\\x${code.toString(16).padStart(2, "0")}`;
