// Filter rules for what rsync copies from "/" (rsync(1), FILTER RULES): the first rule that matches counts.
import { dirname } from "node:path";
import type { Exclusion } from "../../values/exclusion.ts";
import type { Root } from "../destination.ts";
import { allExpansions, glob, literally } from "../exclude.ts";

/** Each rule ends with a NUL, because names may contain line breaks. */
export function filterRules(roots: readonly Root[]): string {
	// The innermost first: what an outer root excludes may belong to an inner one.
	const innermost = [...roots].sort((a, b) => b.path.length - a.path.length);
	const rules = [
		...new Set(roots.flatMap(({ path }) => parentsOf(path)).map((parent) => `+ ${asItIs(parent)}/`)),
		...innermost.flatMap(({ path, exclude }) => [
			...exclude.flatMap(allExpansions).flatMap((one) => {
				const plain = plainly(path, one);
				const pattern = patternOf(path, one);
				return [`- ${plain === undefined ? pattern : asItIs(plain)}`, `- ${pattern}/**`];
			}),
			`+ ${asItIs(path)}`,
			`+ ${literally(path)}/***`,
		]),
		"- *",
	];
	return rules.map((rule) => `${rule}\0`).join("");
}

function parentsOf(path: string): string[] {
	const parent = dirname(path);
	return parent === "/" ? [] : [...parentsOf(parent), parent];
}

const patternOf = (path: string, exclusion: Exclusion) =>
	`${literally(path)}/${exclusion.map((part) => (part === "**" ? part : glob(part))).join("/")}`;

/** In a pattern without these a backslash is literal; in a pattern with any of them it escapes. */
const asItIs = (path: string) => (/[*?[]/.test(path) ? literally(path) : path);

/** The path that it matches, if it contains only literals. */
function plainly(path: string, exclusion: Exclusion): string | undefined {
	const names = exclusion.flatMap((part) =>
		part !== "**" && part.length === 1 && typeof part[0] === "string" ? [part[0]] : [],
	);
	return names.length === exclusion.length ? [path, ...names].join("/") : undefined;
}
