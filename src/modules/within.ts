// Patterns for modules. A pattern without a slash would also exclude the user's files with that name at any depth.
import { asPattern } from "../values/patterns.ts";

/** Patterns relative to this folder, with special characters in its path escaped. */
export function within(folder: string, ...patterns: readonly string[]): string[] {
	return patterns.map((pattern) => `${asPattern(folder)}/${pattern}`);
}
