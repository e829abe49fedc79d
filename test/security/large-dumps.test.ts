// What a service writes about its tables, or a stranger into a dump, uses only limited memory; text that is longer
// than a restore would read is reported at the backup, not on the day of the restore.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { partsOf } from "../../src/databases/mariadb/dump.ts";
import { countInserted } from "../../src/databases/mariadb/rows.ts";
import { statementsIn } from "../../src/databases/postgresql/toc.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer } from "../support/servers.ts";

const folder = scratch("large-dumps");
const MIB = 1024 ** 2;

test("a text of any length is a text", () => {
	const [comment] = statementsIn(`COMMENT ON TABLE a IS '${"it''s ".repeat(4 * MIB)}';`) ?? [];
	assert.equal(comment?.length, 6);
	assert.deepEqual(comment?.at(-1), { text: "it's ".repeat(4 * MIB) });
	assert.equal(statementsIn(`COMMENT ON TABLE a IS '${"x".repeat(20 * MIB)}`), undefined);
});

test("a dump that names more tables than anybody has is not counted", async () => {
	const file = join(folder, "tables.sql");
	const tables = Array.from({ length: 150_000 }, (_, index) => `CREATE TABLE \`t${index}\` (\n`);
	writeFileSync(file, tables.join(""));
	await assert.rejects(countInserted(file), /not counted: it has more than 100000 tables/);
	writeFileSync(file, tables.slice(0, 1000).join(""));
	assert.equal((await countInserted(file)).size, 1000);
});

test("views and routines longer than anybody writes are read of what this machine wrote, and of nobody else", async () => {
	const file = join(folder, "objects.sql");
	const filler = "x".repeat(12 * MIB);
	writeFileSync(
		file,
		`\n-- Holdfast: the above as data: ${JSON.stringify({ at: 0, objects: [], filler })}\n`,
	);
	await assert.rejects(partsOf(file, false), /larger than 8 MiB, or damaged/);
	assert.deepEqual(await partsOf(file, true), { tables: 0, objects: [], broken: [] });
});

describe("comments of PostgreSQL's", { skip: noServers }, () => {
	test("long ones come back; too long ones cost their own state the backup", async () => {
		const server = await postgresqlServer();
		server.sql("postgres", "CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE DATABASE app OWNER app");
		const comment = (table: string) =>
			server.as(
				"app",
				"app",
				`CREATE TABLE ${table} (n int); SELECT format('COMMENT ON TABLE ${table} IS %L', repeat('x', ${9 * MIB})) \\gexec`,
			);
		assert.equal(comment("a").code, 0);
		const place = new Place(folder);
		place.write("good/file", "good");
		place.declare({
			state: {
				app: { dumps: [{ postgresql: "app", host: server.folder, port: server.port }] },
				good: { folders: [place.path("good")] },
			},
		});
		const first = await place.holdfast("create");
		assert.equal(first.code, 0, first.stderr);
		server.sql("app", "COMMENT ON TABLE a IS NULL");
		const restored = await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
		assert.equal(restored.code, 0, restored.stderr);
		assert.equal(server.sql("app", "SELECT length(obj_description('a'::regclass))"), String(9 * MIB));
		assert.equal(comment("b").code, 0);
		const second = await place.holdfast("create");
		assert.equal(second.code, 3, second.stderr);
		assert.match(second.stderr, /the comments in the PostgreSQL database app are too large to be restored/);
	});
});
