// MySQL's views, triggers, routines and events: created by an account with rights on their database only, as far as
// the server lets anybody but root create them.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { mysqlPrograms } from "../databases/mysql.ts";
import { forgeArchive } from "../support/forged.ts";
import { mysqlServer } from "../support/mysql-server.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers } from "../support/servers.ts";

const folder = scratch("mysql-attacks");
const FACTS = { version: 9, product: "MySQL", charset: "utf8mb4", collation: "utf8mb4_0900_ai_ci" };
const NOTE = "CREATE TABLE note (id INT PRIMARY KEY, text TEXT);\n";
const session = { sqlMode: "", charset: "utf8mb4", collation: "utf8mb4_0900_ai_ci" };
const view = { kind: "VIEW", name: "v", algorithm: "UNDEFINED", security: "DEFINER", ...session };
const stored = { databaseCollation: "utf8mb4_0900_ai_ci", ...session };
const app = { user: "app", host: "localhost" };
const root = { user: "root", host: "localhost" };

describe("MySQL", { skip: noServers ?? mysqlPrograms.missing }, () => {
	let server: Awaited<ReturnType<typeof mysqlServer>>;
	let place: Place;
	let dump: { mariadb: string; socket: string };
	before(async () => {
		server = await mysqlServer();
		process.env.PATH = server.path;
	});
	beforeEach(() => {
		server.sql(
			"",
			"SET GLOBAL general_log = 0; SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1; DROP USER IF EXISTS app@localhost; CREATE USER app@localhost IDENTIFIED BY 'pw'; DROP DATABASE IF EXISTS other; CREATE DATABASE other; CREATE TABLE other.t (n INT); INSERT INTO other.t VALUES (1); DROP DATABASE IF EXISTS app; CREATE DATABASE app; GRANT ALL ON app.* TO app@localhost",
		);
		server.sql(
			"app",
			"CREATE TABLE note (id INT PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'old')",
		);
		place = new Place(folder);
		dump = { mariadb: "app", socket: server.socket };
		place.declare({ state: { app: { dumps: [dump] } } });
	});
	const restored = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast("restore", "--yes", ...words, "tar", "latest");
		assert.equal(code, expected, stdout + stderr);
		assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
		assert.equal(server.sql("", "SELECT * FROM other.t"), "1");
		return stderr;
	};
	const forge = (...objects: object[]) => {
		const data = JSON.stringify({ at: NOTE.length, objects });
		const content = `${NOTE}-- Holdfast: views, triggers, routines and events\n-- Holdfast: the above as data: ${data}\n`;
		forgeArchive(place.path("archives"), "app", [{ dump, content, facts: FACTS }]);
	};
	/** The kinds of statements with which the server was asked to create, show or inspect something, and by whom. */
	const who = (statement: string) =>
		server.sql(
			"",
			`SELECT DISTINCT IF(user_host LIKE 'holdfast%', 'another', 'root') FROM mysql.general_log WHERE argument LIKE '${statement}' AND command_type <> 'Prepare' ORDER BY 1`,
		);
	/** One of each kind. */
	const ofApp = [
		{ ...view, definer: app, text: " AS select `note`.`id` AS `id` from `note`" },
		{ ...stored, kind: "PROCEDURE", name: "p", definer: app, text: "()\nSELECT count(*) FROM note" },
		{ ...stored, kind: "FUNCTION", name: "f", definer: app, text: "() RETURNS int DETERMINISTIC\nRETURN 7" },
		{
			...{ ...stored, kind: "TRIGGER", name: "t", timing: "BEFORE", event: "INSERT", table: "note" },
			...{ definer: app, text: "SET NEW.text = 'x'" },
		},
		{
			...{ ...stored, kind: "EVENT", name: "e", timeZone: "SYSTEM", definer: app },
			text: " ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM note",
		},
	];
	const definers = () =>
		server.sql(
			"",
			"SELECT 'v', definer FROM information_schema.views WHERE table_schema = 'app' UNION ALL SELECT routine_name, definer FROM information_schema.routines WHERE routine_schema = 'app' UNION ALL SELECT trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = 'app' UNION ALL SELECT event_name, definer FROM information_schema.events WHERE event_schema = 'app' ORDER BY 1",
		);
	const ALL = "e\tapp@localhost\nf\tapp@localhost\np\tapp@localhost\nt\tapp@localhost\nv\tapp@localhost";

	test("what a stranger's archive holds is made by an account for a while; root makes what is only read", async () => {
		forge(...ofApp);
		await restored(0);
		assert.equal(definers(), ALL);
		assert.equal(who("CREATE%VIEW%"), "another");
		assert.equal(who("CREATE%PROCEDURE%"), "another");
		assert.equal(who("CREATE%EVENT%"), "another");
		// This server has a binary log.
		assert.equal(who("CREATE%FUNCTION%"), "another\nroot");
		assert.equal(who("CREATE%TRIGGER%"), "another\nroot");
		server.sql("app", "INSERT INTO note VALUES (1, 'y')");
		assert.equal(server.sql("app", "SELECT f(), text FROM note"), "7\tx");
	});

	test("with functions of everybody's, root makes none", async () => {
		server.sql("", "SET GLOBAL log_bin_trust_function_creators = 1");
		try {
			forge(...ofApp);
			await restored(0);
		} finally {
			server.sql("", "SET GLOBAL log_bin_trust_function_creators = 0");
		}
		assert.equal(definers(), ALL);
		assert.equal(who("CREATE%DEFINER%"), "another");
	});

	test("a service's views are shown and looked at by an account for a while, and come back", async () => {
		forge(...ofApp);
		await restored(0);
		server.sql("", "TRUNCATE mysql.general_log");
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		assert.equal(who("SHOW CREATE VIEW%"), "another");
		assert.equal(who("SHOW FIELDS%"), "another");
		server.sql("app", "DROP VIEW v; DROP FUNCTION f");
		await restored(0);
		assert.equal(definers(), ALL);
	});

	// mydumper's issue 1699.
	test("a view of a JSON_TABLE that uses functions, also another database's, is shown to those who may run them", async () => {
		server.sql(
			"app",
			"CREATE FUNCTION other.g(n INT) RETURNS INT DETERMINISTIC RETURN n; CREATE FUNCTION f(n INT) RETURNS INT DETERMINISTIC RETURN n; GRANT EXECUTE ON other.* TO app@localhost; ALTER TABLE note ADD list JSON; CREATE DEFINER = app@localhost VIEW v AS SELECT f(id) AS a, other.g(id) AS b, list FROM note; CREATE DEFINER = app@localhost VIEW w AS SELECT v.a, q.z FROM v, JSON_TABLE(v.list, '$[*]' COLUMNS (z INT PATH '$')) q; CREATE DEFINER = app@localhost VIEW x AS SELECT 1",
		);
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		server.sql("app", "DROP VIEW v, w, x; DROP FUNCTION f");
		await restored(0);
		assert.equal(server.sql("app", "SHOW TABLES"), "note\nv\nw\nx");
		assert.equal(who("SHOW CREATE VIEW%"), "another");
		assert.equal(who("CREATE ALGORITHM%VIEW%"), "another");
	});

	for (const [what, object] of Object.entries({
		"a view with root's rights": { ...view, definer: root, text: " AS SELECT * FROM mysql.user" },
		"a function with root's rights": {
			...{ ...stored, kind: "FUNCTION", name: "f", definer: root },
			text: "() RETURNS int DETERMINISTIC\nRETURN 7",
		},
		"a view of what is another's": { ...view, definer: app, text: " AS SELECT * FROM other.t" },
		"an event whose schedule is evaluated": {
			...{ ...stored, kind: "EVENT", name: "e", timeZone: "SYSTEM", definer: app },
			text: " ON SCHEDULE AT NOW() + INTERVAL SLEEP(9) DAY ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1",
		},
		"a second statement after a function": {
			...{ ...stored, kind: "FUNCTION", name: "f", definer: app },
			text: "() RETURNS int DETERMINISTIC RETURN 7; INSERT INTO other.t VALUES (2)",
		},
		"a function of the server's own kind": {
			...{ ...stored, kind: "FUNCTION", name: "f", definer: app },
			text: " RETURNS STRING SONAME 'x.so'",
		},
	}))
		test(`a stranger's archive does not get ${what}`, async () => {
			forge(object);
			await restored(1);
			assert.equal(definers(), "");
			assert.equal(server.sql("app", "SELECT text FROM note"), "old");
		});

	test("a view that root has made for it comes back from this machine's own archive", async () => {
		server.sql("app", "CREATE VIEW v AS SELECT n FROM other.t");
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		server.sql("app", "DROP VIEW v");
		await restored(0);
		assert.equal(server.sql("app", "SELECT * FROM v"), "1");
		assert.equal(definers(), "v\troot@localhost");
	});
});
