// Count the rows of each table in a dump, without a server. mariadb-dump writes one row per line, but MySQL's mysqldump
// writes as many per line as fit, so the dump is parsed byte by byte.
import { createReadStream } from "node:fs";
import type { RowCounts } from "../database.ts";
import { requireFew } from "../row-counts.ts";

/** How many bytes of a line are examined to see what starts there. A table's name has at most 64 characters. */
const LONGEST_HEAD = 1024;
const [NEWLINE, QUOTE, BACKSLASH, OPEN, CLOSE, SEMICOLON] = [..."\n'\\();"].map((one) =>
	one.charCodeAt(0),
) as [number, number, number, number, number, number];

/** The state of the parser inside an INSERT statement. */
interface Insert {
	readonly table: string;
	rows: number;
	/** The number of open parentheses. */
	depth: number;
	inText: boolean;
	escaped: boolean;
}

export async function countInserted(file: string): Promise<RowCounts> {
	const counts = new Map<string, number>();
	const count = (name: string, more: number) => {
		counts.set(name, (counts.get(name) ?? 0) + more);
		requireFew(counts);
	};
	let head: number[] = [];
	/** Outside INSERT statements: returns the state if one starts before this byte. */
	const begun = (byte: number): Insert | undefined => {
		const ends = byte === OPEN || byte === NEWLINE;
		const line = ends && head.length < LONGEST_HEAD ? Buffer.from(head).toString("utf8") : "";
		const made = byte === OPEN ? named(/^CREATE TABLE `((?:[^`]|``)+)` $/, line) : undefined;
		if (made !== undefined) count(made, 0);
		const table = ends ? named(/^INSERT INTO `((?:[^`]|``)+)` (?:\(.+\) )?VALUES ?$/, line) : undefined;
		if (byte === NEWLINE || table !== undefined) head = [];
		else if (head.length < LONGEST_HEAD) head.push(byte);
		return table === undefined ? undefined : { table, rows: 0, depth: 0, inText: false, escaped: false };
	};
	let insert: Insert | undefined;
	for await (const chunk of createReadStream(file))
		for (const byte of chunk as Buffer) {
			insert ??= begun(byte);
			if (insert === undefined || !endsAt(insert, byte)) continue;
			count(insert.table, insert.rows);
			insert = undefined;
		}
	return counts;
}

/** Consume one byte. Returns whether it ends the statement. */
function endsAt(insert: Insert, byte: number): boolean {
	if (insert.inText) {
		if (insert.escaped) insert.escaped = false;
		else if (byte === BACKSLASH) insert.escaped = true;
		// A doubled quote ends the string and starts it again.
		else if (byte === QUOTE) insert.inText = false;
		return false;
	}
	if (byte === QUOTE) insert.inText = true;
	else if (byte === OPEN && insert.depth++ === 0) insert.rows++;
	else if (byte === CLOSE) insert.depth--;
	return byte === SEMICOLON && insert.depth === 0;
}

function named(pattern: RegExp, line: string): string | undefined {
	return pattern.exec(line)?.[1]?.replaceAll("``", "`");
}
