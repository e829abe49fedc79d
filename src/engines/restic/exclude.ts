// Exclusions as restic patterns: the last pattern that matches counts, and one that begins with "!" includes again.
import type { Exclusion } from "../../values/exclusion.ts";
import type { Root } from "../destination.ts";
import { allExpansions, glob, literally } from "../exclude.ts";

export function resticExcludes(roots: readonly Root[]): string[] {
	const outermost = [...roots].sort((a, b) => a.path.length - b.path.length);
	// restic stores these anyway, and restic before 0.13 does not support "!".
	const isRoot = new Set(roots.map(({ path }) => literally(path)));
	return outermost.flatMap(({ path, exclude }, index) => {
		const isInner = outermost.slice(0, index).some((outer) => path.startsWith(`${outer.path}/`));
		return [
			...(isInner ? [`--exclude=!${literally(path)}`] : []),
			...exclude
				// With several "**", restic counts each as a folder and does not try fewer.
				.flatMap(allExpansions)
				.map((one) => `${literally(path)}/${patternOf(one)}`)
				.filter((pattern) => !isRoot.has(pattern))
				.map((pattern) => `--exclude=${pattern}`),
		];
	});
}

const patternOf = (exclusion: Exclusion) =>
	exclusion.map((part) => (part === "**" ? part : glob(part))).join("/");
