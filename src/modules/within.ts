// Patterns of modules. One without a slash would leave out what a user has given the same name, however deep.
import { asPattern } from "../values/patterns.ts";

/** Patterns that begin at this folder, whatever characters its path has. */
export function within(folder: string, ...patterns: readonly string[]): string[] {
	return patterns.map((pattern) => `${asPattern(folder)}/${pattern}`);
}
