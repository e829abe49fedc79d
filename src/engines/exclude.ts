// Exclusions (values/patterns.ts) in the language of shells, which restic, tar and rsync each know a kind of; and roots
// that lie in one another.
import type { Exclusion, Part } from "../values/exclusion.ts";
import { leavesOut } from "../values/patterns.ts";
import type { Root } from "./destination.ts";

/** A name as such a pattern: `*` stops at slashes, `[a-z]` is one of ASCII, a backslash comes before what stands for itself. */
export function glob(part: Exclude<Part, "**">): string {
	return part
		.map((token) => {
			if (typeof token === "string") return literally(token);
			if ("any" in token) return "*";
			return `[${token.one.map(([from, to]) => (from === to ? inSet(from) : `${inSet(from)}-${inSet(to)}`)).join("")}]`;
		})
		.join("");
}

/** A path or a name as a pattern that matches just itself. */
export function literally(text: string): string {
	return text.replace(/[\\*?[\]]/g, "\\$&");
}

const inSet = (code: number) => String.fromCharCode(code).replace(/[\\\]^![-]/, "\\$&");

/** For languages whose `**` stands for one folder at least: each with it and without it. */
export function eachWay(exclusion: Exclusion): Exclusion[] {
	const at = exclusion.indexOf("**");
	if (at < 0) return [exclusion];
	const [before, rest] = [exclusion.slice(0, at), eachWay(exclusion.slice(at + 1))];
	return rest.flatMap((after) => [
		[...before, ...after],
		[...before, "**", ...after],
	]);
}

/** The roots that lie in this one. What is in them is theirs alone, and this one's exclusions have no say there. */
export function innerRoots(root: Root, roots: readonly Root[]): Root[] {
	return roots.filter(({ path }) => path.startsWith(`${root.path}/`));
}

/** Whether who walks through the roots around this one comes to it without being told of it. */
export function isReached(root: Root, roots: readonly Root[]): boolean {
	const [around] = roots
		.filter(({ path }) => root.path.startsWith(`${path}/`))
		.sort((a, b) => b.path.length - a.path.length);
	if (around === undefined) return false;
	const names = root.path.slice(around.path.length + 1).split("/");
	return !leavesOut(around.exclude, names.slice(0, -1));
}
