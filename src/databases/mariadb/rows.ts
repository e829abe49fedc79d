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

export async function countInserted(file: string): Promise<RowCounts> {
	const counts = new Map<string, number>();
	const count = (name: string, more: number) => {
		counts.set(name, (counts.get(name) ?? 0) + more);
		requireFew(counts);
	};
	/** The table whose rows are being read; undefined between statements that insert. */
	let table: string | undefined;
	let rows = 0;
	let depth = 0;
	let inText = false;
	let escaped = false;
	let head: number[] = [];

	for await (const chunk of createReadStream(file))
		for (const byte of chunk as Buffer) {
			if (table === undefined) {
				if (byte === OPEN || byte === NEWLINE) {
					const line = head.length < LONGEST_HEAD ? Buffer.from(head).toString("utf8") : "";
					const made = named(/^CREATE TABLE `((?:[^`]|``)+)` $/, line);
					if (made !== undefined && byte === OPEN) count(made, 0);
					table = named(/^INSERT INTO `((?:[^`]|``)+)` VALUES ?$/, line);
					if (table !== undefined) [rows, depth] = [0, 0];
				}
				if (byte === NEWLINE || table !== undefined) head = [];
				else if (head.length < LONGEST_HEAD) head.push(byte);
				if (table === undefined) continue;
			}
			if (inText) {
				if (escaped) escaped = false;
				else if (byte === BACKSLASH) escaped = true;
				// A doubled one ends the text and begins it again.
				else if (byte === QUOTE) inText = false;
			} else if (byte === QUOTE) inText = true;
			else if (byte === OPEN) {
				if (depth++ === 0) rows++;
			} else if (byte === CLOSE) depth--;
			else if (byte === SEMICOLON && depth === 0) {
				count(table, rows);
				table = undefined;
			}
		}
	return counts;
}

function named(pattern: RegExp, line: string): string | undefined {
	return pattern.exec(line)?.[1]?.replaceAll("``", "`");
}
