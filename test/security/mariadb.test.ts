// Attacks on MariaDB's root through what a service stores in its own database: no program is run, no file is read or
// written, and no account or other database is touched, nor by a genuine archive of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noServers } from "../support/servers.ts";
import {
	asService,
	attacked,
	backedUp,
	literal,
	outside,
	place,
	planted,
	prepared,
	restored,
	server,
	spy,
} from "./attacked-mariadb.ts";

describe("a service with rights on its own database of MariaDB alone", { skip: noServers }, () => {
	attacked();

	test("writes the table that a swap once remembered in", async () => {
		// Without a key, a later row does not replace an earlier one.
		asService("CREATE TABLE holdfast_swap (id INT, memory LONGTEXT)");
		const memory = { own: `SELECT 1;\n\\! touch ${planted}\n`, live: "", hadLive: true, moved: [] };
		asService(`INSERT INTO holdfast_swap VALUES (1, ${literal(JSON.stringify(memory))})`);
		await backedUp();
		await restored(0);
		assert.equal(server.sql("app", "SELECT id FROM holdfast_swap"), "1", "it is a table like any other");
	});

	test("makes a routine with a line that the server's client takes for a command of its own", async () => {
		// Without the line with this label, the following statements stand alone.
		prepared(
			"CREATE PROCEDURE p()\nBEGIN\ndelimiter : BEGIN\nSELECT 1; END;\nGRANT ALL ON *.* TO app@localhost; END",
		);
		await backedUp();
		await restored(0);
		assert.match(server.sql("app", "SHOW CREATE PROCEDURE p"), /ndelimiter : BEGIN/);
	});

	test("has a function in a view, which the server runs to show or to make the view", async () => {
		spy();
		asService("CREATE SQL SECURITY INVOKER VIEW v AS SELECT ROUND(1.5, f()) AS x");
		const was = outside();
		await backedUp();
		const diff = await place.holdfast("diff", "tar", "latest");
		assert.ok(diff.code === 0 || diff.code === 1, diff.stderr);
		assert.equal(outside(), was);
		await restored(0);
		assert.equal(
			server.sql(
				"app",
				"SELECT security_type, definer FROM information_schema.views WHERE table_schema = 'app'",
			),
			"INVOKER\tapp@localhost",
		);
	});

	test("has rights on another database, and views that name what lies there", async () => {
		server.sql(
			"",
			"DROP DATABASE IF EXISTS third; CREATE DATABASE third; CREATE TABLE third.t (n INT); CREATE FUNCTION third.g() RETURNS INT DETERMINISTIC RETURN 1; GRANT SELECT, EXECUTE ON third.* TO app@localhost",
		);
		try {
			spy();
			asService(
				"CREATE SQL SECURITY INVOKER VIEW v AS SELECT ROUND(1.5, f()) AS x, n + third.g() FROM third.t; CREATE VIEW w AS SELECT n FROM third.t; CREATE VIEW x AS SELECT * FROM note",
			);
			await backedUp();
			asService("DROP VIEW v, w, x");
			await restored(0);
			assert.equal(server.sql("app", "SHOW TABLES"), "note\nv\nw\nx");
			assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
			// A missing column: everything else is evaluated before this is noticed.
			asService(
				"CREATE TABLE u (n INT, k INT); CREATE SQL SECURITY INVOKER VIEW y AS SELECT ROUND(1.5, f()) AS x, n FROM u; CREATE VIEW z AS SELECT * FROM y; ALTER TABLE u DROP n",
			);
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, 0, stderr);
			assert.match(stderr, /View 'app.y' references invalid/);
			assert.equal(server.sql("", "SELECT * FROM other.t"), "1");
			for (const words of [[], ["--trust-archive"]]) {
				const again = await place.holdfast("restore", "--yes", ...words, "tar", "latest");
				assert.match(again.stderr, /the view y of app could not be created/);
				assert.match(again.stderr, /the view z of app could not be created/);
			}
			assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
			assert.equal(server.sql("", "SELECT * FROM other.t"), "1");
		} finally {
			server.sql("", "DROP DATABASE third");
		}
	});

	test("has a privilege on the server, and a function in a view that is invalid [long]", async () => {
		server.sql("", "GRANT PROCESS ON *.* TO app@localhost");
		spy();
		asService(
			"CREATE TABLE u (n INT, k INT); CREATE SQL SECURITY INVOKER VIEW v AS SELECT ROUND(1.55, f()) AS x, n FROM u; ALTER TABLE u DROP n",
		);
		const was = outside();
		await backedUp();
		assert.equal(outside(), was);
		assert.match(await restored(0), /the view v of app could not be created/);
		assert.match(
			await restored(0, "--trust-archive"),
			/the view v of app could not be created \(ERROR 1054 .*\); its definition: CREATE .*round/,
		);
	});

	test("has a function in a view of what it may not read any more, or only by a role [long]", async () => {
		server.sql(
			"",
			"DROP DATABASE IF EXISTS third; CREATE DATABASE third; CREATE TABLE third.t (n INT); CREATE TABLE third.u (n INT); GRANT SELECT ON third.t TO app@localhost; CREATE ROLE reader; CREATE ROLE readers; GRANT SELECT ON third.u TO readers; GRANT readers TO reader; GRANT reader TO app@localhost",
		);
		try {
			spy();
			asService(
				"CREATE VIEW v AS SELECT LPAD('a', f(), 'b') AS x FROM third.t; SET ROLE reader; CREATE VIEW w AS SELECT LPAD('a', f(), 'b') AS x FROM third.u",
			);
			server.sql("", "REVOKE SELECT ON third.t FROM app@localhost");
			await backedUp();
			const old = server.sql("app", "SHOW CREATE VIEW w");
			assert.match(
				await restored(0),
				/the view v of app could not be created \(ERROR 1142 .*\); its definition: CREATE .*lpad/,
			);
			assert.equal(server.sql("app", "SHOW TABLES; SHOW CREATE VIEW w"), `note\nw\n${old}`);
			assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
		} finally {
			server.sql("", "DROP DATABASE third; DROP ROLE reader, readers");
		}
	});

	test("has a view that root has made for it, on the machine that made the archive", async () => {
		server.sql("app", "CREATE DEFINER=root@localhost VIEW v AS SELECT * FROM note");
		await backedUp();
		server.sql("app", "DROP VIEW v");
		await restored(0);
		assert.equal(
			server.sql("app", "SELECT definer FROM information_schema.views WHERE table_schema = 'app'"),
			"root@localhost",
		);
	});

	test("names its tables, views and routines as SQL and commands are written [long]", async () => {
		const odd = [
			`\\! touch ${planted}`.slice(0, 60),
			"a`; GRANT ALL ON *.* TO app@localhost; -- x",
			"b\n\\! id\nc",
			"--\n;",
			"*/ ;",
			"'\"\\",
		];
		for (const [index, name] of odd.entries()) {
			const quoted = `\`${name.replaceAll("`", "``")}\``;
			prepared(`CREATE TABLE ${quoted} (${quoted} INT COMMENT ${literal(name)}) COMMENT ${literal(name)}`);
			prepared(`CREATE PROCEDURE ${quoted}() COMMENT ${literal(name)} SELECT ${literal(name)}`);
			prepared(`CREATE TRIGGER ${quoted} BEFORE INSERT ON ${quoted} FOR EACH ROW SET @x = ${literal(name)}`);
			prepared(`CREATE VIEW \`${index}${quoted.slice(1)} AS SELECT * FROM ${quoted}`);
			prepared(
				`CREATE EVENT ${quoted} ON SCHEDULE EVERY 1 DAY COMMENT ${literal(name)} DO SELECT ${literal(name)}`,
			);
		}
		const objects = () =>
			server.sql(
				"app",
				"SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = 'app' ORDER BY 1; SELECT routine_name, routine_definition, routine_comment FROM information_schema.routines WHERE routine_schema = 'app' ORDER BY 1; SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = 'app' ORDER BY 1; SELECT event_name, event_definition, event_comment FROM information_schema.events WHERE event_schema = 'app' ORDER BY 1",
			);
		const old = objects();
		await backedUp();
		asService(`DROP VIEW \`0${odd[0]?.replaceAll("`", "``")}\``);
		await restored(0);
		assert.equal(objects(), old);
	});
});
