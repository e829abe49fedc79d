// Text in the columns of a terminal: how wide it is, broken into lines of a width, or cut to one.
import { eastAsianWidth } from "get-east-asian-width";
import { printable } from "../../values/printable.ts";

/** Words of one line, in lines of at most this width; a longer word has a line of its own. */
export function wrapped(text: string, width: number, indent = ""): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of printable(text).split(" ")) {
		const longer = line === "" ? word : `${line} ${word}`;
		if (line !== "" && widthOf(longer) > width) {
			lines.push(line);
			line = `${indent}${word}`;
		} else line = longer;
	}
	return [...lines, line];
}

/** Columns of a terminal. Not string-width: loading that takes longer than printing any table (decision 24). */
export function widthOf(text: string): number {
	if (/^[ -~]*$/.test(text)) return text.length;
	let width = 0;
	for (const character of text)
		width += /\p{Mark}/u.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
	return width;
}

/** As much of the beginning as fits into these columns. */
export const beginningOf = (text: string, columns: number): string =>
	fitting(lettersOf(text), columns).join("");

/** As much of the end as fits into these columns. */
export const endOf = (text: string, columns: number): string =>
	fitting(lettersOf(text).reverse(), columns).reverse().join("");

/** Fewer columns than `width`; what was cut off shows as an ellipsis. */
export const clipped = (row: string, width: number): string =>
	widthOf(row) < width ? row : `${beginningOf(row, width - 2)}…`;

/** What a reader takes for one letter, such as an emoji of several characters, is not cut in two. */
const lettersOf = (text: string): string[] =>
	/^[ -~]*$/.test(text)
		? text.split("")
		: Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);

function fitting(letters: readonly string[], columns: number): string[] {
	const fit: string[] = [];
	let width = 0;
	for (const letter of letters) {
		width += widthOf(letter);
		if (width > columns) break;
		fit.push(letter);
	}
	return fit;
}
