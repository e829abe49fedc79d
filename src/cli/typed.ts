// The command line as it was typed; and the one that would have been right, for hints: the user can copy it.
import { shellLine } from "../values/shell.ts";

/** `words` with the last occurrence of a word replaced by others, as a line for a shell. */
export function asTyped(words: readonly string[], word: string, ...by: readonly string[]): string {
	const at = words.lastIndexOf(word);
	return shellLine([
		"holdfast",
		...(at < 0 ? words : [...words.slice(0, at), ...by, ...words.slice(at + 1)]),
	]);
}

export function asksForHelp(words: readonly string[]): boolean {
	const end = words.indexOf("--");
	return words.some((word, at) => (word === "--help" || word === "-h") && (end < 0 || at < end));
}

/** `help create` as `create --help`. What is asked about itself is the help of the program. */
export function withoutHelpWord(words: readonly string[]): readonly string[] {
	if (words[0] !== "help") return words;
	const about = words.slice(1);
	return [...(about[0] === "help" ? about.slice(1) : about).filter((word) => word !== "--help"), "--help"];
}
