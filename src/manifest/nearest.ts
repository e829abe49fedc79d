// The name that was probably meant.
import { closest, distance } from "fastest-levenshtein";

/** Characters of a word that somebody may have mistyped: to compare two takes the product of theirs. */
const LONGEST = 100;

/** The known word that was probably meant, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
	const like = known.filter((one) => one.length <= LONGEST);
	if (like.length === 0 || word.length > LONGEST) return undefined;
	const best = closest(word, like);
	return distance(word.toLowerCase(), best.toLowerCase()) <= Math.max(2, Math.floor(word.length / 3))
		? best
		: undefined;
}
