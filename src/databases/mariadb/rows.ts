// Rows by table in a dump, without a server: mariadb-dump writes each row on a line of its own, MySQL's mysqldump as many
// on one line as fit, so it is read byte by byte.
import { createReadStream } from "node:fs";
import type { RowCounts } from "../database.ts";
import { requireFew } from "../row-counts.ts";

/** Bytes of a line that are looked at for what it begins; a table's name has 64 characters. */
const LONGEST_HEAD = 1024;
const [NEWLINE, QUOTE, BACKSLASH, OPEN, CLOSE, SEMICOLON] = [..."\n'\\();"].map((one) =>
	one.charCodeAt(0),
) as [number, number, number, number, number, number];

/** A statement that inserts, as far as it was read. */
interface Insert {
	readonly table: string;
	rows: number;
	/** Brackets that are open. */
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
	/** Between statements that insert: whether one begins before this byte. */
	const begun = (byte: number): Insert | undefined => {
		const ends = byte === OPEN || byte === NEWLINE;
		const line = ends && head.length < LONGEST_HEAD ? Buffer.from(head).toString("utf8") : "";
		const made = byte === OPEN ? named(/^CREATE TABLE `((?:[^`]|``)+)` $/, line) : undefined;
		if (made !== undefined) count(made, 0);
		const table = ends ? named(/^INSERT INTO `((?:[^`]|``)+)` VALUES ?$/, line) : undefined;
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

/** Whether the statement ends with its next byte, which is read. */
function endsAt(insert: Insert, byte: number): boolean {
	if (insert.inText) {
		if (insert.escaped) insert.escaped = false;
		else if (byte === BACKSLASH) insert.escaped = true;
		// A doubled one ends the text and begins it again.
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
