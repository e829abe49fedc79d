// Rows by table in a dump, without a server: mariadb-dump writes each row on a line of its own (MySQL's mysqldump
// writes many on one, and then a table counts as one row an INSERT).
import { createReadStream } from "node:fs";
import { everyLine } from "../../host/lines.ts";
import type { RowCounts } from "../database.ts";

export async function countInserted(file: string): Promise<RowCounts> {
	const counts = new Map<string, number>();
	let table: string | undefined;
	await everyLine(createReadStream(file), (line) => {
		const made = /^CREATE TABLE `((?:[^`]|``)+)` \($/.exec(line)?.[1]?.replaceAll("``", "`");
		if (made !== undefined) counts.set(made, 0);
		const into = /^INSERT INTO `((?:[^`]|``)+)` VALUES/.exec(line)?.[1]?.replaceAll("``", "`");
		if (into !== undefined) {
			table = into;
			if (line.includes("VALUES (")) counts.set(into, (counts.get(into) ?? 0) + 1);
		} else if (table !== undefined && line.startsWith("(")) counts.set(table, (counts.get(table) ?? 0) + 1);
		else table = undefined;
	});
	return counts;
}
