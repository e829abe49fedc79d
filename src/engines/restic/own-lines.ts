// Which of restic's lines say why it failed. A service chooses the names of its files, line breaks included, so a line in which
// such a name may stand decides nothing.

/** How many lines are kept, of all of restic's output and of these. */
export const MAX_PROBLEMS = 50;

/** The beginning of a message about one file, which contains its name as it is. Other commands do not write such lines. */
const ABOUT_A_FILE: Readonly<Record<string, RegExp>> = {
	restore: /^(ignoring error for|warning)/i,
	check: /^error/i,
};

export interface OwnLines {
	/** Returns whether restic itself wrote all of this line. `isFinal`: it is from its JSON message about the failure. */
	take(line: string, isFinal?: boolean): boolean;
	/** After restic has exited. */
	all(): readonly string[];
}

/** `command`: restic's. */
export function ownLines(command: string | undefined): OwnLines {
	const aboutAFile = ABOUT_A_FILE[command ?? ""];
	const own: string[] = [];
	let named = false;
	let last = "";
	return {
		take(line, isFinal = false) {
			last = line;
			// What follows the first name may be the rest of one.
			named ||= !isFinal && aboutAFile?.test(line) === true;
			if (named && !isFinal) return false;
			own.push(line);
			if (own.length > MAX_PROBLEMS) own.shift();
			return true;
		},
		// A message about a file ends with the reason, so that a name is never the end of the output.
		all: () => (named && last.startsWith("Fatal: ") ? [...own, last] : own),
	};
}
