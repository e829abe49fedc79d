// Rows as lines with aligned columns, as a terminal shows them.
import { printable } from "../../values/printable.ts";
import { screenWidth } from "../terminal.ts";
import { widthOf, wrapped } from "./wrap.ts";

/** The maximum width of a column: a longer cell shifts the rest of its own row only. */
const WIDEST = 120;

/** What to do, in this order, if a table is wider than the screen. Columns are named by their headings. */
export interface Narrowing {
	/** Columns that are left out, one after the other. */
	readonly drops?: readonly string[];
	/** The last column, which must stay in one piece, gets lines of its own. */
	readonly below?: boolean;
	/** Columns whose cells are broken into lines. */
	readonly wraps?: readonly string[];
}

/** Control characters in a cell have no effect. */
export function table(rows: readonly (readonly string[])[], narrowing: Narrowing = {}): string[] {
	const cells = rows.map((row) => row.map(printable));
	if (widthOfTable(cells) <= screenWidth()) return aligned(cells);
	return narrowed(cells, narrowing);
}

/** Rows, and characters in them, that are aligned with each other. */
const MAX_ROWS = 5_000;
const MAX_CHARACTERS = 1024 * 1024;

/** A table of any length: each part of it has its own widths and repeats the headings. */
export function* longTable(
	headings: readonly string[],
	rows: Iterable<readonly string[]>,
	narrowing: Narrowing = {},
): Generator<string> {
	let part = [headings];
	let characters = 0;
	let isEmpty = true;
	for (const row of rows) {
		part.push(row);
		characters += row.join("").length;
		if (part.length <= MAX_ROWS && characters <= MAX_CHARACTERS) continue;
		yield* table(part, narrowing);
		part = [headings];
		characters = 0;
		isEmpty = false;
	}
	if (isEmpty || part.length > 1) yield* table(part, narrowing);
}

function narrowed(
	cells: readonly (readonly string[])[],
	{ drops = [], below, wraps = [] }: Narrowing,
): string[] {
	let left = cells;
	for (const name of drops) {
		if (widthOfTable(left) <= screenWidth()) return aligned(left);
		const at = left[0]?.indexOf(name) ?? -1;
		left = left.map((row) => row.filter((_, column) => column !== at));
	}
	if (below === true && widthOfTable(left) > screenWidth()) {
		const lasts = left.map((row) => row.at(-1) ?? "");
		const upper = wrappedIn(
			left.map((row) => row.slice(0, -1)),
			wraps,
		);
		return upper.flatMap((lines, row) => [...lines, `  ${lasts[row]}`]);
	}
	return wrappedIn(left, wraps).flat();
}

/** The lines of each row. */
function wrappedIn(cells: readonly (readonly string[])[], names: readonly string[]): string[][] {
	const limits = widthsOf(cells);
	for (const name of names) {
		const at = cells[0]?.indexOf(name) ?? -1;
		const excess = limits.reduce((sum, width) => sum + width + 2, -2) - screenWidth();
		if (at >= 0 && excess > 0)
			limits[at] = Math.min(limits[at] ?? 0, Math.max(NARROWEST, (limits[at] ?? 0) - excess));
	}
	const parts = cells.map((row) => row.map((cell, column) => piecesOf(cell, limits[column] ?? 0)));
	const heights = parts.map((row) => Math.max(1, ...row.map(({ length }) => length)));
	const lines = aligned(
		parts.flatMap((row, index) =>
			Array.from({ length: heights[index] ?? 1 }, (_, line) => row.map((pieces) => pieces[line] ?? "")),
		),
	);
	return heights.map((height) => lines.splice(0, height));
}
const NARROWEST = 12;

/** A word that is longer than its column is broken too. */
const piecesOf = (cell: string, width: number): string[] =>
	widthOf(cell) <= Math.max(width, 1)
		? [cell]
		: wrapped(cell, width).flatMap(
				(line) => line.match(new RegExp(`.{1,${width - 1}}[-/,]|.{1,${width}}`, "gu")) ?? [""],
			);

function aligned(cells: readonly (readonly string[])[]): string[] {
	const widths = widthsOf(cells);
	return cells.map((row) =>
		row
			.map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
			.join("  ")
			.trimEnd(),
	);
}

const widthsOf = (cells: readonly (readonly string[])[]): number[] =>
	cells[0]?.map((_, column) => longest(cells.map((row) => row[column] ?? ""))) ?? [];

const widthOfTable = (cells: readonly (readonly string[])[]): number =>
	widthsOf(cells).reduce((sum, width) => sum + width + 2, -2);

function longest(texts: readonly string[]): number {
	return texts.reduce((most, text) => Math.max(most, Math.min(widthOf(text), WIDEST)), 0);
}
