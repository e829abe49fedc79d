// The owner of a PostgreSQL database may drop, rename and open it. In a restore neither the new database nor the old one is
// theirs, and what was renamed is known by its OID: whatever they do, the data survives.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { postgresql } from "../../src/databases/postgresql/postgresql.ts";
import { noServers } from "../support/servers.ts";
import { asService, attacked, backedUp, dump, place, server } from "./attacked-postgresql.ts";

const ROWS = "SELECT string_agg(text, ',' ORDER BY id) FROM note";

describe("a service whose role owns its database", { skip: noServers }, () => {
	attacked();

	const names = () =>
		server
			.sql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
			.split("\n")
			.sort();
	const ownerOf = (name: string) =>
		server.sql("postgres", `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '${name}'`);

	/** What the role does at this moment of a restore, to each database whose name ends so. */
	const restoredWhile = async (moment: string, ending: string, statement: string, ...more: string[]) => {
		await backedUp();
		asService("UPDATE note SET text = 'newer'");
		const asApp = `PGPASSWORD=pw psql -Xqt -h 127.0.0.1 -p ${server.port} -U app postgres`;
		const found = `$(${asApp} -c "SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%${ending}'" | tr -d ' ')`;
		const said = place.path("said");
		const run = `n=${found}; echo '${statement}' | sed "s/%N/$n/g" | ${asApp} > ${said} 2>&1; true`;
		const { code, stderr } = await place.start(
			["restore", "--yes", ...more, "tar", "latest"],
			["env", `HOLDFAST_FAULT=run@${moment}`, `HOLDFAST_FAULT_COMMAND=${run}`],
		).ended;
		return { code, stderr, said: readFileSync(said, "utf8") };
	};

	for (const [what, statement] of [
		["drops", 'DROP DATABASE "%N"'],
		["renames", 'ALTER DATABASE "%N" RENAME TO mine'],
		["opens", 'ALTER DATABASE "%N" ALLOW_CONNECTIONS true'],
	] as const) {
		test(`${what} the new one before it is put in place: refused by the server${what === "drops" ? "" : " [long]"}`, async () => {
			const { code, stderr, said } = await restoredWhile("swap:app:0#before", "_new", statement);
			assert.equal(code, 0, stderr);
			assert.match(said, /must be owner of database holdfast/);
			assert.equal(server.sql("app", ROWS), "old");
			assert.equal(ownerOf("app"), "app");
			assert.deepEqual(names(), ["app", "other"]);
		});

		test(`${what} the old one after the swap: refused by the server${what === "drops" ? "" : " [long]"}`, async () => {
			const { code, stderr, said } = await restoredWhile(
				"swap:app:0#after",
				"_old",
				statement,
				"--keep-old=1d",
			);
			assert.equal(code, 0, stderr);
			assert.match(said, /must be owner of database holdfast/);
			const [run = ""] = /(?<=holdfast undo )\S+/.exec(stderr) ?? [];
			const undone = await place.holdfast("undo", "--yes", run);
			assert.equal(undone.code, 0, undone.stderr);
			assert.equal(server.sql("app", ROWS), "newer");
			assert.equal(ownerOf("app"), "app");
			assert.deepEqual(names(), ["app", "other"]);
		});
	}

	test("may make databases, and one with the name that the old one gets: the restore is undone", async () => {
		server.sql("postgres", "ALTER ROLE app CREATEDB");
		const make = 'SELECT replace($$CREATE DATABASE "%N"$$, $$_new$$, $$_old$$) \\gexec';
		const { code, stderr } = await restoredWhile("swap:app:0#before", "_new", make);
		assert.equal(code, 1, stderr);
		assert.match(stderr, /already exists/);
		assert.equal(server.sql("app", ROWS), "newer");
		assert.equal(ownerOf("app"), "app");
		assert.equal(names().filter((name) => name.endsWith("_old")).length, 1, "it is theirs, and stays");
		assert.equal((await place.holdfast("create")).code, 0);
		for (const name of names().filter((name) => name.startsWith("holdfast")))
			server.sql("postgres", `DROP DATABASE "${name}"`);
	});

	/** With the administrator's own hands. Returns what the swap recorded. */
	const swapped = async () => {
		server.sql("postgres", "CREATE DATABASE forge TEMPLATE template0");
		server.sql("forge", "CREATE TABLE note AS SELECT 1 AS id, 'restored' AS text; GRANT ALL ON note TO app");
		const found = { memory: undefined as unknown };
		const keep = (memory: unknown) => {
			found.memory = memory;
		};
		const at = { fresh: "forge", live: "app", old: "taken" };
		const database = postgresql(dump);
		const swap = () => database.swap({ ...at, rest: { owner: "app" }, memory: found.memory ?? null, keep });
		await swap();
		const back = (recorded = found) => database.swapBack({ ...at, rest: null, memory: recorded.memory });
		return { database, swap, back };
	};

	test("the old one is gone: what was restored stays, also if the undo is repeated", async () => {
		const { database, back } = await swapped();
		server.sql("postgres", "DROP DATABASE taken");
		for (let times = 0; times < 2; times++) {
			await assert.rejects(back(), /the previous database app is gone/);
			await back({ memory: null });
			await back({ memory: undefined });
			await database.unload("forge");
			assert.equal(server.sql("app", ROWS), "restored");
		}
	});

	test("a swap and an undo that are repeated change nothing more", async () => {
		const { swap, back } = await swapped();
		await swap();
		assert.equal(server.sql("app", ROWS), "restored");
		for (let times = 0; times < 2; times++) {
			await back();
			assert.equal(server.sql("app", ROWS), "old");
			assert.equal(ownerOf("app"), "app");
		}
		assert.deepEqual(names(), ["app", "forge", "other"]);
	});

	test("its role is renamed meanwhile: an undo gives the database back to it", async () => {
		const { back } = await swapped();
		server.sql("postgres", "ALTER ROLE app RENAME TO new");
		await back();
		assert.equal(server.sql("app", ROWS), "old");
		assert.equal(ownerOf("app"), "new");
		assert.equal(ownerOf("forge"), "postgres", "what is dropped next is not theirs");
		server.sql("postgres", "ALTER ROLE new RENAME TO app");
	});

	test("another database has the name by now: an undo does not touch it", async () => {
		const { back } = await swapped();
		server.sql("postgres", "DROP DATABASE app");
		server.sql("postgres", "CREATE DATABASE app TEMPLATE template0");
		server.sql("app", "CREATE TABLE note AS SELECT 1 AS id, 'third' AS text");
		await assert.rejects(back(), /another database is named app now; the previous one is taken/);
		assert.equal(server.sql("app", ROWS), "third");
	});
});
