// MariaDB: everything in a database is restored unchanged, although its dump is loaded by an account that may do
// nothing else, and each view, trigger, routine and event is created separately.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers } from "../support/servers.ts";

test("a MariaDB database with one of each kind of thing comes back as it was", {
	skip: noServers,
}, async () => {
	const server = await mariadbServer();
	server.sql(
		"",
		"CREATE DATABASE app; CREATE USER app@localhost IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO app@localhost WITH GRANT OPTION; CREATE ROLE readers; GRANT SELECT ON app.* TO readers; GRANT readers TO app@localhost; SET DEFAULT ROLE readers FOR app@localhost; CREATE USER `some one`@`%` IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK",
	);
	server.sql("app", readFileSync(join(import.meta.dirname, "mariadb-everything.sql"), "utf8"));
	server.sql("app", "GRANT SELECT (id), UPDATE (text) ON app.note TO `some one`@`%`");
	const place = new Place(scratch("mariadb-everything"));
	place.declare({ state: { app: { dumps: [{ mariadb: "app", socket: server.socket }] } } });
	const holdfast = async (...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stdout + stderr);
	};
	const content = () => {
		const { status, stdout, stderr } = spawnSync(
			"mariadb-dump",
			[
				"--no-defaults",
				`--socket=${server.socket}`,
				"--routines",
				"--events",
				"--triggers",
				"--skip-dump-date",
				"app",
			],
			{ encoding: "utf8" },
		);
		assert.equal(status, 0, stderr);
		return stdout;
	};
	const accounts = () =>
		server.sql(
			"",
			"SELECT User, Host FROM mysql.user ORDER BY 1, 2; SHOW CREATE USER app@localhost; SHOW GRANTS FOR app@localhost; SHOW GRANTS FOR readers; SHOW CREATE USER `some one`@`%`; SHOW GRANTS FOR `some one`@`%`; SHOW DATABASES",
		);
	const [old, oldAccounts] = [content(), accounts()];
	await holdfast("create");
	server.sql("app", "SET sql_mode = ORACLE; DROP PACKAGE pk; DROP VIEW a; DROP TRIGGER t2; DELETE FROM note");
	await holdfast("restore", "--yes", "tar", "latest");
	assert.equal(content(), old);
	assert.equal(accounts(), oldAccounts);
	server.sql("", "DROP USER app@localhost, `some one`@`%`; DROP ROLE readers");
	await holdfast("restore", "--yes", "tar", "latest");
	assert.equal(content(), old);
	assert.equal(accounts(), oldAccounts);
});

test("a MariaDB server is asked as another user of the machine, or by an option file", {
	skip: noServers,
}, async () => {
	const server = await mariadbServer();
	server.sql(
		"",
		"CREATE DATABASE app; CREATE USER admin@localhost IDENTIFIED BY 'p#\"w'; GRANT ALL ON *.* TO admin@localhost WITH GRANT OPTION",
	);
	server.sql(
		"app",
		"CREATE TABLE note (id INT); INSERT INTO note VALUES (1); CREATE VIEW v AS SELECT * FROM note",
	);
	const place = new Place(scratch("mariadb-asked"));
	const options = place.write("my.cnf", `[client]\nuser=admin\npassword='p#"w'\nsocket=${server.socket}\n`);
	for (const dump of [
		{ mariadb: "app", socket: server.socket, user: "mysql" },
		{ mariadb: "app", defaultsFile: options },
	]) {
		place.declare({ state: { app: { dumps: [dump] } } });
		for (const words of [["create"], ["restore", "--yes", "tar", "latest"], ["diff", "tar", "latest"]]) {
			server.sql("app", "INSERT INTO note VALUES (2)");
			const { code, stdout, stderr } = await place.holdfast(...words);
			assert.equal(code, 0, stdout + stderr);
		}
		assert.equal(
			server.sql(
				"",
				"SHOW DATABASES LIKE 'holdfast%'; SELECT User FROM mysql.user WHERE User LIKE 'holdfast%'",
			),
			"",
		);
	}
	// A user with rights on this database only can still use its contents.
	server.sql(
		"",
		"CREATE USER some@localhost IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO some@localhost; GRANT ALL ON `holdfast\\_%`.* TO some@localhost",
	);
	place.write("my.cnf", `[client]\nuser=some\npassword=pw\nsocket=${server.socket}\n`);
	server.sql("app", "DROP VIEW v");
	for (const words of [["create"], ["restore", "--yes", "tar", "latest"]]) {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stdout + stderr);
	}
});
