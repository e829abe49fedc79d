// The tables of what comes back, in docs/explanation/databases.md, say what the rows of the inventories test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MARIADB } from "../databases/inventory/mariadb.ts";
import { MYSQL } from "../databases/inventory/mysql.ts";
import { POSTGRESQL } from "../databases/inventory/postgresql.ts";
import type { Row } from "../databases/inventory/row.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/explanation/databases.md"), "utf8");
const SAYS: Readonly<Record<Row["comes"], RegExp>> = {
	back: /^comes back$/,
	note: /^comes back, but ./,
	not: /^does not come back: ./,
	refused: /^its database cannot be backed up: ./,
};

for (const [name, rows] of Object.entries({ PostgreSQL: POSTGRESQL, MariaDB: MARIADB, MySQL: MYSQL }))
	test(`${name}: each row of the table is tested, and each test has its row`, () => {
		const section = PAGE.split(`### What comes back: ${name}\n`)[1]?.split("\n#")[0] ?? "";
		const table = [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)]
			.map(([, kind, says]) => [kind, says])
			.filter(([kind]) => kind !== "object or property" && kind !== "---");
		const all = [
			...rows.filter(({ comes }) => comes !== "back"),
			...rows.filter(({ comes }) => comes === "back"),
		];
		assert.deepEqual(
			table.map(([kind]) => kind),
			all.map(({ kind }) => kind),
		);
		for (const [index, { kind, comes }] of all.entries())
			assert.match(table[index]?.[1] ?? "", SAYS[comes], kind);
	});
