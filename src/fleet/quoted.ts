// Quoting for shells.

/**
 * Quote one word for a POSIX shell. Without a newline in it, fish and tcsh read it the same: inside single quotes, fish
 * knows an escaped `\` and tcsh expands `!`.
 */
export function quoted(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/['!\\]/g, "'\\$&'")}'`;
}
