// Words as they are typed to a shell, for commands in messages.

export function shellWord(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const shellLine = (words: readonly string[]): string => words.map(shellWord).join(" ");

/** `NAME=value …` before a command. */
export const shellVariables = (variables: Readonly<Record<string, string>>): string[] =>
	Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
