// The name that was probably meant.
import { closest, distance } from "fastest-levenshtein";

/** Characters of a word that somebody may have mistyped: to compare two takes the product of theirs. */
const LONGEST = 100;

/** The known word that was probably meant, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
	const like = known.filter((one) => one.length <= LONGEST);
	if (like.length === 0 || word.length > LONGEST) return undefined;
	// What people call borgbackup is borg.
	const longer = like.filter((one) => one.toLowerCase().startsWith(word.toLowerCase()));
	if (longer.length === 1 && word.length >= SHORTENED) return longer[0];
	const best = closest(word, like);
	const most = word.length <= SHORT ? 1 : Math.max(2, Math.floor(word.length / 3));
	return edits(word.toLowerCase(), best.toLowerCase()) <= most ? best : undefined;
}

/** Letters of a name's beginning by which it is meant. */
const SHORTENED = 3;

/** Letters of a word in which two that are wrong make it another word. */
const SHORT = 4;

/** How many letters must be changed, added or left out; two neighbours that changed places count once. */
export function edits(typed: string, meant: string): number {
	const apart = [...typed].findIndex((letter, index) => letter !== meant[index]);
	const swapped =
		typed.slice(0, apart) + (typed[apart + 1] ?? "") + (typed[apart] ?? "") + typed.slice(apart + 2);
	return apart >= 0 && swapped === meant ? 1 : distance(typed, meant);
}

/** Whether a command may be proposed in place of an unknown one: one that changes live data only where it is all but typed. */
export function isNear(typed: string, command: string): boolean {
	return edits(typed, command) <= (typed.length <= SHORT || CHANGES.has(command) ? 1 : 2);
}
const CHANGES: ReadonlySet<string> = new Set(["restore", "undo", "prune", "recover", "undeploy"]);
