// Exclusions (values/patterns.ts) as shell patterns, of which restic, tar and rsync each have a variant; and roots inside
// other roots.
import type { Exclusion, Part } from "../values/exclusion.ts";
import { leavesOut } from "../values/patterns.ts";
import type { Root } from "./destination.ts";

/** A name as a shell pattern: `*` does not match slashes, `[a-z]` is one ASCII character, a backslash escapes. */
export function glob(part: Exclude<Part, "**">): string {
	return part
		.map((token) => {
			if (typeof token === "string") return literally(token);
			if ("any" in token) return "*";
			return `[${token.one.map(([from, to]) => (from === to ? inSet(from) : `${inSet(from)}-${inSet(to)}`)).join("")}]`;
		})
		.join("");
}

/** A path or a name as a pattern that matches only itself. */
export function literally(text: string): string {
	return text.replace(/[\\*?[\]]/g, "\\$&");
}

const inSet = (code: number) => String.fromCharCode(code).replace(/[\\\]^![-]/, "\\$&");

/** For pattern languages whose `**` matches at least one folder: every combination with and without it. */
export function allExpansions(exclusion: Exclusion): Exclusion[] {
	const at = exclusion.indexOf("**");
	if (at < 0) return [exclusion];
	const [before, rest] = [exclusion.slice(0, at), allExpansions(exclusion.slice(at + 1))];
	return rest.flatMap((after) => [
		[...before, ...after],
		[...before, "**", ...after],
	]);
}

/** The roots inside this one. This one's exclusions do not apply to them. */
export function innerRoots(root: Root, roots: readonly Root[]): Root[] {
	return roots.filter(({ path }) => path.startsWith(`${root.path}/`));
}

/** Whether a walk through the enclosing root reaches this one without being given its path. */
export function isReached(root: Root, roots: readonly Root[]): boolean {
	const [around] = roots
		.filter(({ path }) => root.path.startsWith(`${path}/`))
		.sort((a, b) => b.path.length - a.path.length);
	if (around === undefined) return false;
	const names = root.path.slice(around.path.length + 1).split("/");
	return !leavesOut(around.exclude, names.slice(0, -1));
}
