// What rsync copies of "/", as filter rules (rsync(1), FILTER RULES): the first rule that matches counts.
import { dirname } from "node:path";
import { absolutePatterns } from "../exclude.ts";
import type { Root } from "../provider.ts";

/** Each rule ends with a NUL: names may hold line breaks. */
export function filterRules(roots: readonly Root[]): string {
	// The innermost first: what an outer root leaves out may be another's.
	const innermost = [...roots].sort((a, b) => b.path.length - a.path.length);
	const rules = [
		...new Set(roots.flatMap(({ path }) => parentsOf(path)).map((parent) => `+ ${literally(parent)}/`)),
		...innermost.flatMap(({ path, exclude }) => [
			...absolutePatterns(path, exclude)
				.flatMap(atAnyDepth)
				.flatMap((pattern) => [`- /${pattern}`, `- /${pattern}/**`]),
			`+ ${literally(path)}`,
			`+ ${literally(path, true)}/***`,
		]),
		"- *",
	];
	return rules.map((rule) => `${rule}\0`).join("");
}

function parentsOf(path: string): string[] {
	const parent = dirname(path);
	return parent === "/" ? [] : [...parentsOf(parent), parent];
}

/** A backslash stands for itself in a pattern without wildcards, and escapes in one with any. */
function literally(path: string, withWildcards = /[*?[]/.test(path)): string {
	return withWildcards ? path.replace(/[\\*?[]/g, "\\$&") : path;
}

/** Here `**` stands for at least one folder. */
function atAnyDepth(pattern: string): string[] {
	return pattern.includes("**/") ? [pattern, pattern.replace("**/", "")] : [pattern];
}
