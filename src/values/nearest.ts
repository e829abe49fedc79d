// The name that was probably meant.
import { closest, distance } from "fastest-levenshtein";

/** Maximum length of a word to compare: the time to compare two words is the product of their lengths. */
const LONGEST = 100;

/** The known word that was probably meant, or undefined if none is close. */
export function nearest(word: string, known: readonly string[]): string | undefined {
	const like = known.filter((one) => one.length <= LONGEST);
	if (like.length === 0 || word.length > LONGEST) return undefined;
	// People call borgbackup "borg".
	const longer = like.filter((one) => one.toLowerCase().startsWith(word.toLowerCase()));
	if (longer.length === 1 && word.length >= SHORTENED) return longer[0];
	const best = closest(word, like);
	const most = word.length <= SHORT ? 1 : Math.max(2, Math.floor(word.length / 3));
	return edits(word.toLowerCase(), best.toLowerCase()) <= most ? best : undefined;
}

/** The same for names that are numbered: web02 is another machine than web01, and web1 is a slip of it. */
export function nearestOfNumbered(word: string, known: readonly string[]): string | undefined {
	const numbersIn = (name: string) => (name.match(/\d+/g) ?? []).map(Number).join();
	const numbers = numbersIn(word);
	return nearest(
		word,
		known.filter((one) => numbers === "" || numbersIn(one) === numbers),
	);
}

/** How many letters at the beginning identify a name. */
const SHORTENED = 3;

/** In words up to this length, two wrong letters make another word. */
const SHORT = 4;

/** How many letters must be changed, added or removed; swapping two neighbours counts once. */
export function edits(typed: string, meant: string): number {
	const apart = [...typed].findIndex((letter, index) => letter !== meant[index]);
	const swapped =
		typed.slice(0, apart) + (typed[apart + 1] ?? "") + (typed[apart] ?? "") + typed.slice(apart + 2);
	return apart >= 0 && swapped === meant ? 1 : distance(typed, meant);
}

/** Whether to suggest a command for an unknown one. A command that changes live data is suggested only if it is almost spelled right. */
export function isNear(typed: string, command: string): boolean {
	return edits(typed, command) <= (typed.length <= SHORT || CHANGES.has(command) ? 1 : 2);
}

/** Whether to suggest the only command that begins so; none that changes live data. */
export function isShortened(typed: string, command: string, known: readonly string[]): boolean {
	const longer = known.filter((one) => one.startsWith(typed));
	return typed.length >= SHORTENED && longer.length === 1 && longer[0] === command && !CHANGES.has(command);
}
const CHANGES: ReadonlySet<string> = new Set(["restore", "undo", "prune", "recover", "undeploy"]);
