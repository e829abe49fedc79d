// What rsync copies of "/", as filter rules (rsync(1), FILTER RULES): the first rule that matches counts.
import { dirname } from "node:path";
import type { Exclusion } from "../../values/exclusion.ts";
import type { Root } from "../destination.ts";
import { eachWay, glob, literally } from "../exclude.ts";

/** Each rule ends with a NUL: names may hold line breaks. */
export function filterRules(roots: readonly Root[]): string {
	// The innermost first: what an outer root leaves out may be another's.
	const innermost = [...roots].sort((a, b) => b.path.length - a.path.length);
	const rules = [
		...new Set(roots.flatMap(({ path }) => parentsOf(path)).map((parent) => `+ ${asItIs(parent)}/`)),
		...innermost.flatMap(({ path, exclude }) => [
			...exclude.flatMap(eachWay).flatMap((one) => {
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

/** A backslash stands for itself in a pattern without these, and escapes in one with any. */
const asItIs = (path: string) => (/[*?[]/.test(path) ? literally(path) : path);

/** The one path that it stands for, if it has just texts. */
function plainly(path: string, exclusion: Exclusion): string | undefined {
	const names = exclusion.flatMap((part) =>
		part !== "**" && part.length === 1 && typeof part[0] === "string" ? [part[0]] : [],
	);
	return names.length === exclusion.length ? [path, ...names].join("/") : undefined;
}
