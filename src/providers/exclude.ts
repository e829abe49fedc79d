// What an exclude pattern means, the same for every engine:
//   *.tmp         no slash: any file or folder of that name, at any depth below the state's folders
//   cache/*       a slash inside: a path below each of the state's folders
//   /srv/a/cache  a leading slash: an absolute path
// `*` and `?` stop at "/", `**/` stands for any number of folders, `[a-z]` for one of a set.

/** An absolute pattern, without its leading "/", that has `**` where any number of folders may stand. */
export type AbsolutePattern = string;

/** The patterns that apply below one root, as absolute patterns; the root's own path is escaped. */
export function absolutePatterns(root: string, exclude: readonly string[]): AbsolutePattern[] {
	const base = escapePattern(root.slice(1));
	return exclude.flatMap((written) => {
		const pattern = written.replace(/\/+$/, "");
		if (pattern.startsWith("/")) return pattern === "" ? [] : [pattern.slice(1)];
		return [pattern.includes("/") ? `${base}/${pattern}` : `${base}/**/${pattern}`];
	});
}

/** A path as a pattern that matches just itself. */
export function escapePattern(path: string): string {
	return path.replace(/[*?[\]]/g, "[$&]").replace(/\\/g, "[\\\\]");
}
