// What MySQL alone has: tablespaces of the server, databases that are read-only, second passwords.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { mysqlServer } from "../support/mysql-server.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers } from "../support/servers.ts";
import { mysqlPrograms } from "./mysql.ts";

const folder = scratch("mysql-own");

describe("MySQL", { skip: noServers ?? mysqlPrograms.missing }, () => {
	let server: Awaited<ReturnType<typeof mysqlServer>>;
	let place: Place;
	before(async () => {
		server = await mysqlServer();
		process.env.PATH = server.path;
	});

	/** A backup of a new database. */
	async function backedUp(...statements: string[]) {
		server.sql("", "DROP DATABASE IF EXISTS app; CREATE DATABASE app");
		server.sql("app", ["CREATE TABLE note (n INT)", "INSERT INTO note VALUES (1)", ...statements].join("; "));
		place = new Place(folder);
		place.declare({ state: { app: { dumps: [{ mariadb: "app", socket: server.socket }] } } });
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		return stderr;
	}
	const restore = () => place.holdfast("restore", "--yes", "--trust-archive", "tar", "latest");

	test("a database that is read-only is not touched by a restore, which says how it can be", async () => {
		const said = await backedUp("ALTER DATABASE app READ ONLY = 1");
		assert.match(said, /that it is read-only does not come back/);
		const refused = await restore();
		assert.equal(refused.code, 1, refused.stderr);
		assert.match(
			refused.stderr,
			/it is read-only now: .*ALTER DATABASE `app` READ ONLY = 0[\s\S]*nothing was changed/,
		);
		server.sql("", "ALTER DATABASE app READ ONLY = 0");
		server.sql("app", "DELETE FROM note");
		const { code, stderr } = await restore();
		assert.equal(code, 0, stderr);
		assert.equal(server.sql("app", "SELECT * FROM note"), "1");
	});

	test("a tablespace of the server is named at backup time, and by a restore on a server that lacks it", async () => {
		server.sql("", "CREATE TABLESPACE fast ADD DATAFILE 'fast.ibd'");
		const said = await backedUp("CREATE TABLE there (n INT) TABLESPACE fast");
		assert.match(said, /the tablespaces fast, .* are not backed up/);
		assert.equal((await restore()).code, 0);
		await server.renew();
		const refused = await restore();
		assert.equal(refused.code, 1, refused.stderr);
		assert.match(
			refused.stderr,
			/CREATE TABLESPACE `fast` ADD DATAFILE 'fast\.ibd'[\s\S]*nothing was changed/,
		);
		server.sql("", "CREATE TABLESPACE fast ADD DATAFILE 'fast.ibd'");
		const { code, stderr } = await restore();
		assert.equal(code, 0, stderr);
		assert.match(server.sql("app", "SHOW CREATE TABLE there"), /TABLESPACE `fast`/);
	});

	test("an account's second password is said not to be backed up", async () => {
		const said = await backedUp(
			"CREATE USER two@localhost IDENTIFIED BY 'a'",
			"GRANT ALL ON app.* TO two@localhost",
			"ALTER USER two@localhost IDENTIFIED BY 'b' RETAIN CURRENT PASSWORD",
		);
		assert.match(said, /the second passwords of two@localhost are not backed up/);
	});
});
