// The command that would have been right, for hints: the user can copy it.

/** `words` with the last occurrence of a word replaced by others, as a line for a shell. */
export function asTyped(words: readonly string[], word: string, ...by: readonly string[]): string {
	const at = words.lastIndexOf(word);
	return shellLine([
		"holdfast",
		...(at < 0 ? words : [...words.slice(0, at), ...by, ...words.slice(at + 1)]),
	]);
}

export const shellLine = (words: readonly string[]) => words.map(shellWord).join(" ");

function shellWord(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
