// Text broken into lines of a width.
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
