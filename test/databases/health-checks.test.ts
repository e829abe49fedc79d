// An SQL check queries the server of the state's dump of that database, wherever it is.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer } from "../support/servers.ts";

const folder = scratch("checks");

describe("a check by SQL", { skip: noServers }, async () => {
	if (noServers) return;
	/** Backed up with two notes; after a restore the check queries how many there are. */
	async function restored(dump: object, expect: string) {
		const place = new Place(folder);
		const check = { sql: "SELECT count(*), 'x' FROM note;", database: "app", expect, within: 0 };
		place.declare({ state: { app: { dumps: [dump], healthChecks: [check] } } });
		const created = await place.holdfast("create");
		assert.equal(created.code, 0, created.stderr);
		return place.holdfast("restore", "--yes", "tar", "latest");
	}
	const fill = "CREATE TABLE note (n int); INSERT INTO note VALUES (1), (2)";

	test("PostgreSQL at another place: named, and as one of all", async () => {
		const server = await postgresqlServer();
		server.sql("postgres", "CREATE DATABASE app");
		server.sql("app", fill);
		const where = { host: server.folder, port: server.port };
		const good = await restored({ postgresql: "app", ...where }, "2|x");
		assert.equal(good.code, 0, good.stderr);
		const bad = await restored({ postgresql: "*", ...where }, "3|x");
		assert.equal(bad.code, 1, bad.stderr);
		assert.match(bad.stderr, /answered "2\|x", not "3\|x"/);
	});

	test("MariaDB: with the right to read that database, and no other", async () => {
		const server = await mariadbServer();
		server.sql("", "CREATE DATABASE app; CREATE DATABASE other; CREATE TABLE other.secret (n int)");
		server.sql("app", fill);
		const dump = { mariadb: "app", socket: server.socket };
		const good = await restored(dump, "2|x");
		assert.equal(good.code, 0, good.stderr);
		const bad = await restored(dump, "3|x");
		assert.equal(bad.code, 1, bad.stderr);
		assert.match(bad.stderr, /answered "2\|x", not "3\|x"/);
		// The owner replaces the table with something that would use root's rights.
		server.sql(
			"app",
			"RENAME TABLE note TO kept; CREATE USER app@localhost; GRANT ALL ON app.* TO app@localhost; CREATE DEFINER = app@localhost SQL SECURITY INVOKER VIEW note AS SELECT kept.n FROM kept JOIN (SELECT count(*) AS m FROM other.secret) AS loot",
		);
		const taken = await restored(dump, "2|x");
		assert.equal(taken.code, 1, taken.stderr);
		assert.match(taken.stderr, /SELECT command denied|lack rights/);
		assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE user LIKE 'holdfast%'"), "0");
	});
});
