// Rows as lines with aligned columns, as a terminal shows them.
import { eastAsianWidth } from "get-east-asian-width";
import { printable } from "../../values/printable.ts";

/** The maximum width of a column: a longer cell shifts the rest of its own row only. */
const WIDEST = 120;

/** Control characters in a cell have no effect. */
export function table(rows: readonly (readonly string[])[]): string[] {
	const cells = rows.map((row) => row.map(printable));
	const widths = cells[0]?.map((_, column) => longest(cells.map((row) => row[column] ?? ""))) ?? [];
	return cells.map((row) =>
		row
			.map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
			.join("  ")
			.trimEnd(),
	);
}

function longest(texts: readonly string[]): number {
	return texts.reduce((most, text) => Math.max(most, Math.min(widthOf(text), WIDEST)), 0);
}

/** Columns of a terminal. Not string-width: loading that takes longer than printing any table (decision 24). */
function widthOf(text: string): number {
	if (/^[ -~]*$/.test(text)) return text.length;
	let width = 0;
	for (const character of text)
		width += /\p{Mark}/u.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
	return width;
}
