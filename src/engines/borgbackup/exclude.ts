// Exclusions as Python regular expressions, with which borg excludes a path and everything below it.
import type { Exclusion, Part, Token } from "../../values/exclusion.ts";
import type { Root } from "../destination.ts";
import { innerRoots } from "../exclude.ts";

/** borg tests every path that it visits against each of them, whichever root the path is in. */
export function borgExcludes(roots: readonly Root[]): string[] {
	return roots.flatMap((root) => {
		const inner = innerRoots(root, roots).map(({ path }) => literally(path.slice(root.path.length + 1)));
		const others = inner.length === 0 ? "" : `(?!(?:${inner.join("|")})(?:/|\\Z))`;
		return root.exclude.map(
			(one) => `--exclude=re:^${literally(root.path.slice(1))}/${others}${expression(one)}(?:/|\\Z)`,
		);
	});
}

function expression(exclusion: Exclusion): string {
	return exclusion
		.map((part, index) => {
			if (part === "**") return "(?:[^/]+/)*";
			return index === exclusion.length - 1 ? nameOf(part) : `${nameOf(part)}/`;
		})
		.join("");
}

const nameOf = (part: Exclude<Part, "**">) => part.map(tokenOf).join("");

/** To borg, a byte that is not part of valid UTF-8 is one character like any other. */
function tokenOf(token: Token): string {
	if (typeof token === "string") return literally(token);
	if ("any" in token) return "[^/]*";
	return `[${token.one.map(([from, to]) => `${hex(from)}-${hex(to)}`).join("")}]`;
}

const literally = (text: string) =>
	text.replace(/[^\w/]/gu, (it) => (it.charCodeAt(0) < 0x80 ? `\\${it}` : it));
const hex = (code: number) => `\\x${code.toString(16).padStart(2, "0")}`;
