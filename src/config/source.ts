// A config file's text and the way back from a path in its data to the line that wrote it.

/** Where in a file something stands; line and column count from 1. */
export interface Place {
	readonly line: number;
	readonly column: number;
}

export type DataPath = readonly (string | number)[];

export interface Source {
	readonly file: string;
	readonly text: string;
	readonly value: unknown;
	/** The place of the key (or list item) at this path; the nearest parent's when it is not in the file. */
	locate(path: DataPath): Place | undefined;
}

/** Characters of a long line that are shown before the place and after it. */
const SEEN_BEFORE = 120;
const SEEN_AFTER = 80;

/** The lines that show a place: the quoted line and a caret under the column. */
export function quote(text: string, place: Place): string[] {
	const line = text.split("\n")[place.line - 1] ?? "";
	const from = Math.max(0, place.column - 1 - SEEN_BEFORE);
	const left = from > 0 ? "…" : "";
	const shown = line.slice(from, from + SEEN_BEFORE + SEEN_AFTER).trimEnd();
	const right = from + SEEN_BEFORE + SEEN_AFTER < line.length ? "…" : "";
	const gutter = `${place.line} | `;
	const indent = line.slice(from, place.column - 1).replace(/[^\t]/g, " ");
	return [`${gutter}${left}${shown}${right}`, `${" ".repeat(gutter.length + left.length)}${indent}^`];
}
