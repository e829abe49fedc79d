// The history of system-versioned tables, which MariaDB can dump since 10.11.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dataOf } from "../../src/databases/mariadb/dump.ts";
import { historyFacts, historyObstacles } from "../../src/databases/mariadb/history.ts";
import { notesOf } from "../../src/databases/mariadb/notes.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { mariadbServer, noServers } from "../support/servers.ts";

test("MariaDB before 10.11: history is not dumped, which is said, and a dump with history is refused", {
	skip: noServers,
}, async () => {
	const { socket, sql } = await mariadbServer();
	const server = serverOf({ socket });
	/** A server that does not know history has no such setting. */
	const older: typeof server = {
		...server,
		sql: async (statements, doing) =>
			statements.some((one) => one.includes("system_versioning_insert_history"))
				? []
				: server.sql(statements, doing),
	};
	sql("", "CREATE DATABASE app; CREATE TABLE app.plain (a INT); CREATE DATABASE other");
	assert.deepEqual(await notesOf(older, "app"), []);
	assert.deepEqual(await historyFacts(server, "app"), {});
	sql("app", "CREATE TABLE story (a INT) WITH SYSTEM VERSIONING");
	assert.match(
		(await notesOf(older, "app")).join(),
		/the history of the system-versioned tables story is not in the dump/,
	);
	assert.ok(!(await dataOf(older, "app")).includes("--dump-history"));
	assert.deepEqual(await notesOf(server, "app"), []);
	assert.ok((await dataOf(server, "app")).includes("--dump-history"));
	assert.deepEqual(await notesOf(older, "other"), []);
	const facts = { version: 10, ...(await historyFacts(server, "app")) };
	assert.match(
		(await historyObstacles(older, facts)).join(),
		/history of system-versioned tables.* this server is older/,
	);
	assert.deepEqual(await historyObstacles(server, facts), []);
	assert.deepEqual(await historyFacts(older, "app"), {});
});
