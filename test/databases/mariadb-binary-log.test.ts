// With a binary log, MariaDB lets only users with SUPER create functions and triggers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers } from "../support/servers.ts";

// Subrion's issue 803, and many similar ones.
test("functions and triggers of a stranger's archive come into a MariaDB with a binary log", {
	skip: noServers,
}, async () => {
	const server = await mariadbServer(["--log-bin=log", "--server-id=1"]);
	server.sql(
		"",
		"CREATE USER app@localhost IDENTIFIED BY 'pw'; CREATE DATABASE app; GRANT ALL ON app.* TO app@localhost",
	);
	const place = new Place(scratch("mariadb-binary-log"));
	const dump = { mariadb: "app", socket: server.socket };
	place.declare({ state: { app: { dumps: [dump] } } });
	const tables = "CREATE TABLE note (id INT, text TEXT);\n";
	const session = { sqlMode: "", charset: "utf8mb4", collation: "utf8mb4_general_ci" };
	const definer = { user: "app", host: "localhost" };
	const more = { ...session, definer, databaseCollation: "utf8mb4_general_ci" };
	const objects = [
		{ ...more, kind: "FUNCTION", name: "f", text: "() RETURNS int(11) DETERMINISTIC\nRETURN 7" },
		{
			...{ ...more, kind: "TRIGGER", name: "t", timing: "BEFORE", event: "INSERT", table: "note" },
			text: "SET NEW.text = 'x'",
		},
	];
	const data = JSON.stringify({ at: tables.length, objects });
	forgeArchive(place.path("archives"), "app", [
		{
			dump,
			content: `${tables}-- Holdfast: views, triggers, routines and events\n-- Holdfast: the above as data: ${data}\n`,
			facts: { version: 10, product: "MariaDB", charset: "utf8mb4", collation: "utf8mb4_general_ci" },
		},
	]);
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 0, stderr);
	server.sql("app", "INSERT INTO note VALUES (1, 'y')");
	assert.equal(server.sql("app", "SELECT f(), text FROM note"), "7\tx");
});
