// The line and column of a value, and how to show them.
import type { Origin } from "../values/origin.ts";

/** Line and column, counted from 1. */
function lineOf({ source: { text }, offset }: Origin): {
	readonly line: number;
	readonly column: number;
	readonly shown: string;
} {
	const before = text.slice(0, offset).split("\n");
	const line = before.length;
	const begin = offset - (before.at(-1)?.length ?? 0);
	const end = text.indexOf("\n", begin);
	return { line, column: offset - begin + 1, shown: text.slice(begin, end < 0 ? undefined : end) };
}

/** `holdfast.yaml:3:5` */
export function whereIs(origin: Origin): string {
	const { line, column } = lineOf(origin);
	return `${origin.source.file}:${line}:${column}`;
}

/** Characters of a long line to show before and after the position. */
const SEEN_BEFORE = 120;
const SEEN_AFTER = 80;

/** The lines that show a place: the quoted line and a caret under the column. */
export function quote(origin: Origin): string[] {
	const { line, column, shown } = lineOf(origin);
	const from = Math.max(0, column - 1 - SEEN_BEFORE);
	const left = from > 0 ? "…" : "";
	const seen = shown.slice(from, from + SEEN_BEFORE + SEEN_AFTER).trimEnd();
	const right = from + SEEN_BEFORE + SEEN_AFTER < shown.length ? "…" : "";
	const gutter = `${line} | `;
	const indent = shown.slice(from, column - 1).replace(/[^\t]/g, " ");
	return [`${gutter}${left}${seen}${right}`, `${" ".repeat(gutter.length + left.length)}${indent}^`];
}
