// What Holdfast 0.1.0 left behind: archives in which accounts and views of databases are SQL statements, and swaps
// that were interrupted. They are completed, and nothing in them is run as a script.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, test } from "node:test";
import { mariadb } from "../../src/databases/mariadb/mariadb.ts";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("of-0.1.0");

async function restored(place: Place): Promise<void> {
	const { code, stdout, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 0, stdout + stderr);
}

describe("of 0.1.0, on MariaDB", { skip: noServers }, () => {
	let server: TestServer;
	const program = (name: string, ...words: string[]) => {
		const { status, stdout, stderr } = spawnSync(
			name,
			["--no-defaults", `--socket=${server.socket}`, ...words],
			{
				encoding: "utf8",
			},
		);
		assert.equal(status, 0, stderr);
		return stdout;
	};
	/** As 0.1.0 wrote it. */
	const tables = (...views: string[]) =>
		program(
			"mariadb-dump",
			...["--single-transaction", "--hex-blob", "--skip-triggers", "--skip-dump-date"],
			...views.map((view) => `--ignore-table=app.${view}`),
			"app",
		);
	const objects = (...views: string[]) =>
		program("mariadb-dump", ...["--no-data", "--skip-dump-date", "--skip-triggers", "app", ...views]) +
		program(
			"mariadb-dump",
			...["--no-data", "--skip-dump-date", "--no-create-info", "--routines", "--events", "--triggers", "app"],
		);
	const all = (database = "app") =>
		program(
			"mariadb-dump",
			...["--skip-dump-date", "--routines", "--events", "--triggers", "--skip-comments", database],
		);
	before(async () => {
		server = await mariadbServer();
		server.sql(
			"",
			"CREATE USER app@localhost IDENTIFIED BY 'pw'; CREATE DATABASE app CHARACTER SET latin1; GRANT ALL ON app.* TO app@localhost",
		);
		server.sql(
			"app",
			`CREATE TABLE note (id INT PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'old');
			CREATE DEFINER=app@localhost VIEW b AS SELECT id, 'é;' AS \`x\`\`y\` FROM note; CREATE DEFINER=app@localhost SQL SECURITY INVOKER VIEW a AS SELECT * FROM b;
			DELIMITER //
			CREATE DEFINER=app@localhost TRIGGER \`t\` AFTER INSERT ON \`note\` FOR EACH ROW BEGIN SET @a = ';;'; SET @b = 'it''s'; END//
			CREATE DEFINER=app@localhost PROCEDURE p(IN a INT) COMMENT 'c' BEGIN SELECT 'x\\\\ny'; SELECT 2; END//
			SET sql_mode = 'ANSI_QUOTES'//
			CREATE DEFINER=app@localhost FUNCTION f() RETURNS INT DETERMINISTIC RETURN 7//
			CREATE DEFINER=app@localhost EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM note WHERE id > 100; END//`,
		);
	});

	test("an archive comes back, with its accounts", async () => {
		const place = new Place(folder);
		const dump = { mariadb: "app", socket: server.socket };
		place.declare({ state: { app: { dumps: [dump] } } });
		const statements = server
			.sql("", "SHOW CREATE USER app@localhost; SHOW GRANTS FOR app@localhost")
			.split("\n");
		const [made = "", ...grants] = statements;
		const old = all();
		forgeArchive(place.path("archives"), "app", [
			{
				dump,
				content: `${tables("a", "b")}-- Holdfast: views, triggers, routines and events\n${objects("a", "b")}`,
				facts: { version: 10, product: "MariaDB", charset: "latin1", collation: "latin1_swedish_ci" },
				accounts: [
					{ name: "app@localhost", statements: [made, ...grants.filter((one) => / ON `app`/.test(one))] },
				],
			},
		]);
		server.sql("", "DROP DATABASE app; DROP USER app@localhost");
		await restored(place);
		assert.equal(all(), old);
		assert.deepEqual(
			server.sql("", "SHOW CREATE USER app@localhost; SHOW GRANTS FOR app@localhost").split("\n"),
			statements,
		);
	});

	test("a swap that was cut short is taken back", async () => {
		const names = { fresh: "holdfast_run_app_0_new", live: "app", old: "holdfast_run_app_0_old" };
		const was = all();
		const live = objects("a", "b");
		const memory = { own: "", live, hadLive: true, moved: ["note"] };
		const row = JSON.stringify(memory).replaceAll("\\", "\\\\").replaceAll("'", "''");
		const table = "holdfast_swap (id INT PRIMARY KEY, memory LONGTEXT CHARACTER SET utf8mb4) ENGINE=InnoDB";
		server.sql(
			"",
			`CREATE DATABASE ${names.fresh}; CREATE TABLE ${names.fresh}.${table}; INSERT INTO ${names.fresh}.holdfast_swap VALUES (1, '${row}');
			CREATE DATABASE ${names.old} CHARACTER SET latin1; CREATE TABLE ${names.old}.${table};
			CREATE TABLE ${names.fresh}.note (n INT); DROP VIEW app.a; DROP VIEW app.b; DROP TRIGGER app.t; DROP PROCEDURE app.p; DROP FUNCTION app.f; DROP EVENT app.e;
			RENAME TABLE app.note TO ${names.old}.note, ${names.fresh}.note TO app.note`,
		);
		const database = mariadb({ mariadb: "app", socket: server.socket });
		await database.swapBack({ ...names, rest: undefined, memory: undefined });
		assert.equal(all(), was);
		assert.equal(
			server.sql("", "SHOW DATABASES LIKE 'holdfast%'; SHOW TABLES IN holdfast_run_app_0_new"),
			`${names.fresh}\nnote`,
		);
		// And once more, like a recovery that was interrupted itself.
		await database.swapBack({ ...names, rest: undefined, memory: undefined });
		assert.equal(all(), was);
		await database.unload(names.fresh);
	});

	test("what it put aside is brought back, with views that root had made", async () => {
		const [fresh, live, old] = ["holdfast_run_app_0_old", "app", "holdfast_undo_app_0_old"];
		server.sql("app", "CREATE DEFINER=root@localhost VIEW c AS SELECT 1 AS n");
		const was = all();
		const row = JSON.stringify({ own: objects("a", "b", "c") })
			.replaceAll("\\", "\\\\")
			.replaceAll("'", "''");
		server.sql(
			"",
			`CREATE DATABASE ${fresh} CHARACTER SET latin1; CREATE TABLE ${fresh}.holdfast_swap (id INT PRIMARY KEY, memory LONGTEXT CHARACTER SET utf8mb4) ENGINE=InnoDB; INSERT INTO ${fresh}.holdfast_swap VALUES (1, '${row}');
			CREATE TABLE ${fresh}.note LIKE app.note; INSERT INTO ${fresh}.note SELECT * FROM app.note; UPDATE app.note SET text = 'newer'; DROP VIEW app.c`,
		);
		let kept: unknown;
		const keep = (memory: unknown) => {
			kept = memory;
		};
		const database = mariadb({ mariadb: "app", socket: server.socket });
		await database.swap({ fresh, live, old, rest: null, memory: null, keep });
		assert.equal(all(), was);
		await database.swapBack({ fresh, live, old, rest: null, memory: kept });
		assert.equal(server.sql("app", "SELECT text FROM note"), "newer");
		await database.swap({ fresh, live, old, rest: null, memory: kept, keep });
		assert.equal(all(), was);
		for (const name of [fresh, old]) await database.drop(name);
		server.sql("app", "DROP VIEW c");
	});

	test("what is in the table of its memory, and is no memory, is not looked at", async () => {
		const names = { fresh: "holdfast_run_app_0_new", live: "app", old: "holdfast_run_app_0_old" };
		const was = all();
		for (const memory of ["not JSON", '{"own":3}', '{"hadLive":false,"moved":[1]}', "null"]) {
			server.sql(
				"",
				`DROP DATABASE IF EXISTS ${names.fresh}; CREATE DATABASE ${names.fresh}; CREATE TABLE ${names.fresh}.holdfast_swap (id INT PRIMARY KEY, memory LONGTEXT); INSERT INTO ${names.fresh}.holdfast_swap VALUES (1, '${memory}')`,
			);
			await mariadb({ mariadb: "app", socket: server.socket }).swapBack({
				...names,
				rest: undefined,
				memory: undefined,
			});
			assert.equal(all(), was);
		}
		server.sql("", `DROP DATABASE ${names.fresh}`);
	});
});

describe("of 0.1.0, on PostgreSQL", { skip: noServers }, () => {
	test("an archive comes back, with its roles, owners and rights", async () => {
		const server = await postgresqlServer();
		const place = new Place(folder);
		const dump = { postgresql: "app", host: server.folder, port: server.port };
		place.declare({ state: { app: { dumps: [dump] } } });
		server.sql("postgres", `CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE ROLE "re'ad\\er" NOLOGIN`);
		server.sql("postgres", "CREATE DATABASE app OWNER app TEMPLATE template0");
		server.sql(
			"app",
			`CREATE EXTENSION hstore; SET ROLE app; CREATE TABLE note (id serial PRIMARY KEY, h public.hstore); INSERT INTO note (h) VALUES ('a=>b'); GRANT SELECT ON note TO "re'ad\\er"; COMMENT ON TABLE note IS 'c';
			CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE theirs (n int); RESET ROLE; ALTER TABLE theirs OWNER TO "re'ad\\er"`,
		);
		const pgDump = (...words: string[]) => {
			const { status, stdout, stderr } = spawnSync(
				"setpriv",
				[
					...["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "pg_dump"],
					...[`--host=${server.folder}`, `--port=${server.port}`, ...words, "app"],
				],
				{ maxBuffer: 10_000_000 },
			);
			assert.equal(status, 0, String(stderr));
			return stdout;
		};
		const text = () => String(pgDump()).replace(/^\\(un)?restrict .*$/gm, "");
		const roles = () =>
			server.sql(
				"postgres",
				"SELECT rolname, rolcanlogin, rolpassword FROM pg_authid WHERE rolname IN ('app', E're''ad\\\\er') ORDER BY 1",
			);
		const [old, oldRoles] = [text(), roles()];
		// In the form that 0.1.0's query produced.
		const accounts = JSON.parse(
			server.sql(
				"postgres",
				`SELECT json_agg(json_build_object('name', rolname, 'statements', ARRAY[format('CREATE ROLE %I WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB %s NOREPLICATION NOBYPASSRLS CONNECTION LIMIT %s%s', rolname, CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, rolconnlimit, CASE WHEN rolpassword IS NULL THEN '' ELSE format(' PASSWORD %L', rolpassword) END)])) FROM pg_authid WHERE rolname IN ('app', E're''ad\\\\er')`,
			),
		);
		accounts[0].statements.push(
			"DO $do$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'absent') THEN GRANT absent TO app; END IF; END $do$",
		);
		forgeArchive(place.path("archives"), "app", [
			{
				dump,
				content: pgDump("--format=custom", "--compress=0"),
				facts: {
					version: 15,
					owner: "app",
					encoding: "UTF8",
					collate: "C",
					ctype: "C",
					extensions: ["hstore"],
					grants: null,
					settings: null,
					connections: -1,
				},
				accounts,
			},
		]);
		server.sql("postgres", "DROP DATABASE app");
		server.sql("postgres", `DROP ROLE app; DROP ROLE "re'ad\\er"`);
		await restored(place);
		assert.equal(text(), old);
		assert.equal(roles(), oldRoles);
	});
});
