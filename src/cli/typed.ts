// The command that would have been right, for hints: the user can copy it.
import { shellLine } from "../values/shell.ts";

/** `words` with the last occurrence of a word replaced by others, as a line for a shell. */
export function asTyped(words: readonly string[], word: string, ...by: readonly string[]): string {
	const at = words.lastIndexOf(word);
	return shellLine([
		"holdfast",
		...(at < 0 ? words : [...words.slice(0, at), ...by, ...words.slice(at + 1)]),
	]);
}
