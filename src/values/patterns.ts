// The meaning of `exclude`, the same for every engine (docs/reference/patterns.md). Patterns are parsed here once; each engine
// translates them into its own syntax. What any engine cannot express is refused here for all of them.
import type { Exclusion, Token } from "./exclusion.ts";
import { parsePattern } from "./pattern-text.ts";

/** Why a text is not a valid pattern; undefined if it is. */
export function patternFault(text: string): string | undefined {
	try {
		parsePattern(text);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

/** The pattern that matches a path and nothing else. It may be no valid one: some characters can only be matched by `*`. */
export const patternOf = (path: string): string => path.replaceAll(/[\\*?[]/g, "\\$&");

/**
 * What a pattern excludes below a folder (absolute, normalised); empty if the pattern does not concern that folder. An
 * exclusion without parts is the folder itself. Throws an error with a message if the text is not a valid pattern.
 */
export function below(folder: string, text: string): Exclusion[] {
	const { kind, parts } = parsePattern(text);
	if (kind === "name") return [["**", ...parts]];
	return kind === "below" ? [parts] : after(parts, folder.split("/").slice(1));
}

/** Whether one of these exclusions of a folder matches the path with these names below it. */
export function leavesOut(exclusions: readonly Exclusion[], names: readonly string[]): boolean {
	return exclusions.some((exclusion) => after(exclusion, names).some(({ length }) => length === 0));
}

/**
 * What remains of an exclusion after matching these names: several results if `**` can match different numbers of them, and
 * one without parts if it excludes them.
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
		// Excluding a folder excludes its content.
		if (next.has(parts.length)) return [[]];
		starts = next;
	}
	return [...starts].map((start) => parts.slice(start));
}

/** The exclusion of exactly one path below a folder (both absolute and normalised); none if it is not below. */
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

/** Whether an exclusion matches the folder itself or everything that can be in it. */
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
