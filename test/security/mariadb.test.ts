// Attacks on MariaDB's root by what a service keeps in its own database, and by what somebody wrote into an archive: no
// program is run, no file is read or written, no account and no other database is touched.
import assert from "node:assert/strict";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, type TestServer } from "../support/servers.ts";

const folder = scratch("mariadb-attacks");
const FACTS = { version: 10, product: "MariaDB", charset: "utf8mb4", collation: "utf8mb4_general_ci" };
const OBJECTS = "-- Holdfast: views, triggers, routines and events\n";

describe("MariaDB", { skip: noServers }, () => {
	let server: TestServer;
	let place: Place;
	let dump: { mariadb: string; socket: string };
	/** What an attack would leave: a file that only root can make, where only root and the server can. */
	let planted: string;
	before(async () => {
		server = await mariadbServer();
	});
	beforeEach(() => {
		server.sql(
			"",
			"SET GLOBAL general_log = 0, GLOBAL general_log_file = 'log'; DROP USER IF EXISTS app@localhost, other@localhost, new@localhost; CREATE USER app@localhost IDENTIFIED BY 'pw'; CREATE USER other@localhost IDENTIFIED BY 'pw'; DROP DATABASE IF EXISTS other; CREATE DATABASE other; CREATE TABLE other.t (n INT); INSERT INTO other.t VALUES (1); GRANT ALL ON other.* TO other@localhost; DROP DATABASE IF EXISTS app; CREATE DATABASE app CHARACTER SET utf8mb4; GRANT ALL ON app.* TO app@localhost",
		);
		server.sql(
			"app",
			"CREATE TABLE note (id INT PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'old')",
		);
		place = new Place(folder);
		mkdirSync(place.path("out"));
		planted = place.path("out", "planted");
		rmSync(`${server.folder}/planted`, { force: true });
		dump = { mariadb: "app", socket: server.socket };
		place.declare({ state: { app: { dumps: [dump] } } });
	});

	/** Everything of the server's that is not the service's, as a text. */
	const outside = () =>
		server.sql(
			"",
			"SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2; SELECT * FROM mysql.db ORDER BY 1, 2, 3; SELECT * FROM mysql.tables_priv ORDER BY 1, 2, 3; SELECT * FROM other.t; SHOW DATABASES; SELECT * FROM mysql.func; SELECT db, name, definer FROM mysql.proc WHERE db NOT IN ('app', 'sys', 'mysql'); SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN ('app', 'sys'); SHOW GLOBAL VARIABLES LIKE 'general_log%'",
		);
	const restored = async (expected: number, ...words: string[]) => {
		const was = outside();
		const { code, stdout, stderr } = await place.holdfast("restore", "--yes", ...words, "tar", "latest");
		assert.equal(outside(), was);
		assert.ok(!existsSync(planted), "a program of the attacker's was run, or a file written");
		assert.equal(code, expected, stdout + stderr);
		return stderr;
	};
	const backedUp = async () => {
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
	};
	const forge = (content: string, more: object = {}) =>
		void forgeArchive(place.path("archives"), "app", [{ dump, content, facts: FACTS, ...more }]);
	/** As an application sends it, without a client that reads it. */
	const prepared = (statement: string) =>
		asService(
			`SET @s = CONVERT(0x${Buffer.from(statement).toString("hex")} USING utf8mb4); PREPARE s FROM @s; EXECUTE s`,
		);
	const asService = (statements: string) => {
		const { code, stderr } = server.as("app", "app", statements);
		assert.equal(code, 0, stderr);
	};

	/** A function that does what whoever asks may do, and says nothing where they may not. */
	const spy = () =>
		prepared(
			"CREATE FUNCTION f() RETURNS INT DETERMINISTIC SQL SECURITY INVOKER BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; INSERT INTO other.t VALUES (2); RETURN 1; END",
		);

	describe("a service with rights on its own database alone, and an honest archive", () => {
		test("writes the table that a swap once remembered in", async () => {
			// Without a key, what is written there later does not take the place of what is there.
			asService("CREATE TABLE holdfast_swap (id INT, memory LONGTEXT)");
			const memory = { own: `SELECT 1;\n\\! touch ${planted}\n`, live: "", hadLive: true, moved: [] };
			asService(`INSERT INTO holdfast_swap VALUES (1, ${literal(JSON.stringify(memory))})`);
			await backedUp();
			await restored(0);
			assert.equal(server.sql("app", "SELECT id FROM holdfast_swap"), "1", "it is a table like any other");
		});

		test("makes a routine with a line that the server's client takes for a command of its own", async () => {
			// Without the line of this label, what follows are statements by themselves.
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
				// A column that is gone: the rest is evaluated before that is seen.
				asService(
					"CREATE TABLE u (n INT, k INT); CREATE SQL SECURITY INVOKER VIEW y AS SELECT ROUND(1.5, f()) AS x, n FROM u; ALTER TABLE u DROP n",
				);
				const { code, stderr } = await place.holdfast("create");
				assert.equal(code, 1, stderr);
				assert.match(stderr, /View 'app.y' references invalid/);
				assert.equal(server.sql("", "SELECT * FROM other.t"), "1");
			} finally {
				server.sql("", "DROP DATABASE third");
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

		test("names its tables, views and routines as SQL and commands are written", async () => {
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
				prepared(
					`CREATE TRIGGER ${quoted} BEFORE INSERT ON ${quoted} FOR EACH ROW SET @x = ${literal(name)}`,
				);
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

	describe("an archive that somebody wrote", () => {
		for (const [what, text] of Object.entries<() => string>({
			"runs a program by a command of the client's": () => `SELECT 1;\n\\! touch ${planted}\n`,
			"runs a program by another": () => `system touch ${planted}\n`,
			"reads a file of commands": () => {
				place.write("commands", `\\! touch ${planted}\n`);
				return `source ${place.path("commands")}\n`;
			},
			"writes a file by the client": () => `tee ${planted}\nSELECT 1;\n`,
			"writes a file by the server": () => `SELECT 'x' INTO OUTFILE '${server.folder}/planted';\n`,
			"gives rights": () => "GRANT ALL ON *.* TO app@localhost;\n",
			"changes an account": () => "UPDATE mysql.global_priv SET Priv = '{}' WHERE User = 'other';\n",
			"drops another's database": () => "DROP DATABASE other;\n",
			"changes another's database": () => "INSERT INTO other.t VALUES (2);\n",
			"changes the live database before its time": () => "DELETE FROM app.note;\n",
			"changes the server's settings": () =>
				`SET GLOBAL general_log_file = '${planted}', GLOBAL general_log = 1;\n`,
			"loads a library": () => "CREATE FUNCTION lib_mysqludf_sys RETURNS INTEGER SONAME 'x.so';\n",
			"makes what runs later, for everybody": () =>
				"CREATE TRIGGER other.x BEFORE INSERT ON other.t FOR EACH ROW SET @x = 1;\n",
		}))
			test(what, async () => {
				forge(`${text()}${OBJECTS}`);
				await restored(1);
				assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
				assert.ok(!existsSync(`${server.folder}/planted`));
			});

		test("has the client hand a file over that root alone may read", async () => {
			const secret = place.write("secret", "not for the service\n");
			forge(
				`CREATE TABLE note (text TEXT);\nLOAD DATA LOCAL INFILE '${secret}' INTO TABLE note;\n${OBJECTS}`,
			);
			await restored(1);
			assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
		});

		const NOTE = "CREATE TABLE note (id INT PRIMARY KEY, text TEXT);\n";
		/** As a restore of this version reads objects. */
		const withData = (objects: readonly object[]) =>
			`${NOTE}${OBJECTS}-- Holdfast: the above as data: ${JSON.stringify({ at: NOTE.length, objects })}\n`;
		const root = { user: "root", host: "localhost" };
		const session = { sqlMode: "", charset: "utf8mb4", collation: "utf8mb4_general_ci" };
		const view = { kind: "VIEW", name: "v", algorithm: "UNDEFINED", security: "DEFINER", ...session };
		const routine = { kind: "PROCEDURE", name: "p", databaseCollation: "utf8mb4_general_ci", ...session };
		const app = { user: "app", host: "localhost" };

		for (const [what, object] of Object.entries({
			"lets a view read with root's rights": {
				...view,
				definer: root,
				text: " AS SELECT * FROM mysql.global_priv",
			},
			"lets a routine run with root's rights": {
				...routine,
				definer: root,
				text: "() GRANT ALL ON *.* TO app@localhost",
			},
			"puts a second statement after a routine": {
				...routine,
				definer: app,
				text: "() SELECT 1; GRANT ALL ON *.* TO app@localhost",
			},
			"puts a second statement after a view": {
				...view,
				definer: app,
				text: " AS SELECT 1; DROP DATABASE other",
			},
			"makes a view in another's database": { ...view, definer: app, text: ".x AS SELECT 1" },
			"makes a routine in another's database": {
				...routine,
				name: "other",
				definer: app,
				text: ".p() SELECT 1",
			},
			"makes a trigger in another's database": {
				...routine,
				kind: "TRIGGER",
				...{
					timing: "BEFORE",
					event: "INSERT",
					table: "t` FOR EACH ROW SET @x = 1; DROP DATABASE other; -- ",
				},
				definer: app,
				text: "SET @x = 1",
			},
			"sets what it likes with a routine": {
				...routine,
				definer: app,
				text: "() SELECT 1",
				collation: "x; DROP DATABASE other",
			},
			"has a definer that is more than a name": {
				...routine,
				definer: { user: "app", host: "localhost' SELECT 1; DROP DATABASE other; -- " },
				text: "() SELECT 1",
			},
		}))
			test(what, async () => {
				forge(withData([object]));
				await restored(1);
				assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
			});

		describe("has a view that takes for ever to be read", () => {
			const endless = { ...view, definer: app, text: " AS SELECT ROUND(1.5, BENCHMARK(1e15, MD5(1))) AS x" };
			const busy = () =>
				server.sql(
					"",
					"SELECT id FROM information_schema.processlist WHERE info LIKE 'EXECUTE holdfast%' OR info LIKE 'PREPARE holdfast%' OR info LIKE '%1e15%' AND id <> CONNECTION_ID()",
				);
			const noTraces = () => {
				assert.equal(busy(), "");
				assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
			};

			test("and nobody waits for it", async () => {
				forge(withData([endless]));
				process.env.HOLDFAST_DEFINITION_SECONDS = "2";
				try {
					// The server ends the evaluation, and makes the view.
					await restored(0);
				} finally {
					delete process.env.HOLDFAST_DEFINITION_SECONDS;
				}
				noTraces();
			});

			test("and the run is interrupted", async () => {
				forge(withData([endless]));
				const { child, ended } = place.start(["restore", "--yes", "tar", "latest"]);
				await until(() => busy() !== "");
				child.kill("SIGTERM");
				const end = await Promise.race([ended, pause(15_000, "late", { ref: false })]);
				child.kill("SIGKILL");
				for (const id of end === "late" ? busy().split("\n") : []) server.sql("", `KILL ${id}`);
				assert.ok(typeof end === "object" && end.code === 130, JSON.stringify(end));
				noTraces();
				assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
			});
		});

		test("has a view, and we may not let another make it, as on servers before MariaDB 10.5", async () => {
			server.sql(
				"",
				"CREATE USER keeper@localhost IDENTIFIED BY 'pw'; GRANT ALL ON *.* TO keeper@localhost WITH GRANT OPTION; REVOKE SET USER ON *.* FROM keeper@localhost",
			);
			try {
				const defaultsFile = place.write("keeper.cnf", "[client]\nuser=keeper\npassword=pw\n");
				dump = { ...dump, defaultsFile } as typeof dump;
				place.declare({ state: { app: { dumps: [dump] } } });
				forge(withData([{ ...view, definer: app, text: " AS SELECT 1 AS x" }]));
				assert.match(await restored(1), /views in the dump of app could only be made as the administrator/);
				assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
			} finally {
				server.sql("", "DROP USER keeper@localhost");
			}
		});

		test("has an event whose schedule is evaluated while it is made", async () => {
			for (const schedule of [
				"AT NOW() + INTERVAL (1 + SLEEP(100000)) DAY",
				"EVERY LENGTH(LOAD_FILE('/etc/shadow')) SECOND",
				"EVERY '1' DAY STARTS '2030-01-01' + INTERVAL SLEEP(100000) DAY ON COMPLETION NOT PRESERVE",
			]) {
				const text = ` ON SCHEDULE ${schedule} DO SELECT 1`;
				forge(withData([{ ...routine, kind: "EVENT", name: "e", definer: app, timeZone: "SYSTEM", text }]));
				assert.match(await restored(1), /event e has a form that is not understood/);
			}
		});

		test("is trusted by a person, who says so: then a view has root's rights", async () => {
			const text = " AS select `note`.`id` AS `id`,`note`.`text` AS `text` from `note`";
			forge(withData([{ ...view, definer: root, text }]));
			await restored(0, "--trust-archive");
			assert.equal(
				server.sql("app", "SELECT definer FROM information_schema.views WHERE table_schema = 'app'"),
				"root@localhost",
			);
			// What is there just so already needs no word.
			await restored(0);
			forge(withData([{ ...view, definer: root, text: " AS SELECT * FROM other.t" }]));
			await restored(1);
		});

		test("lets a view of 0.1.0's form read with root's rights", async () => {
			forge(
				`${NOTE}${OBJECTS}/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=\`root\`@\`localhost\` SQL SECURITY DEFINER */\n/*!50001 VIEW \`v\` AS select * from mysql.global_priv */;\n`,
			);
			assert.match(await restored(1), /view v.*\n.*--trust-archive/);
		});

		test("makes accounts by statements of its own", async () => {
			const statements = [
				"CREATE USER `new`@`localhost`",
				"GRANT ALL ON *.* TO app@localhost",
				`\\! touch ${planted}`,
			];
			forge(`${NOTE}${OBJECTS}`, { accounts: [{ name: "new@localhost", statements }] });
			// The account itself is made, and told of; it may do nothing.
			const was = outside();
			const { stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.match(stderr, /made the accounts new@localhost/);
			assert.equal(
				server.sql("", "SHOW GRANTS FOR `new`@localhost"),
				"GRANT USAGE ON *.* TO `new`@`localhost`",
			);
			server.sql("", "DROP USER `new`@localhost");
			assert.equal(outside(), was);
			assert.ok(!existsSync(planted));
		});

		test("makes an account with rights beyond the database", async () => {
			const account = { user: "new", host: "localhost", clauses: [] };
			for (const grant of [
				{ privileges: [{ name: "FILE" }], pattern: false, option: false },
				{
					privileges: [{ name: "ALL PRIVILEGES ON *.* TO app@localhost; -- " }],
					pattern: false,
					option: false,
				},
				{ privileges: [{ name: "SELECT" }], object: "t` TO x; -- ", pattern: false, option: false },
			]) {
				forge(`${NOTE}${OBJECTS}`, { accounts: { accounts: [{ ...account, grants: [grant] }] } });
				await restored(1);
			}
			forge(`${NOTE}${OBJECTS}`, {
				accounts: { accounts: [{ ...account, clauses: [{ word: "; DROP DATABASE other" }], grants: [] }] },
			});
			await restored(1);
		});

		describe("brings accounts whose passwords its maker knows", () => {
			const grant = { privileges: [{ name: "ALL PRIVILEGES" }], pattern: false, option: true };
			const account = (user: string, host: string) => ({
				...{ user, host, grants: [grant], roles: [] },
				clauses: [{ word: "IDENTIFIED" }, { word: "BY" }, { text: "pw" }],
			});
			const brought = async (...accounts: object[]) => {
				forge(`${NOTE}${OBJECTS}`, { accounts: { accounts } });
				const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
				assert.equal(code, 0, stderr);
				return stderr;
			};
			const mayLogIn = (user: string) => server.as(user, "app", "SELECT 1").code === 0;
			afterEach(() => {
				const names = ["new@localhost", "new@'%'", "new@'10.0.0.%'", "more@'%'", "more@localhost"];
				server.sql("", `DROP USER IF EXISTS ${names.join(", ")}`);
			});

			test("and there are accounts for the database: what it brings is locked, and gives nothing on", async () => {
				const said = await brought(account("new", "%"), account("more", "localhost"));
				assert.match(said, /new@% is made but locked.*ALTER USER 'new'@'%' ACCOUNT UNLOCK/);
				assert.match(said, /new@% may not give its rights.*WITH GRANT OPTION/);
				assert.deepEqual([mayLogIn("new"), mayLogIn("more"), mayLogIn("app")], [false, false, true]);
				assert.doesNotMatch(server.sql("", "SHOW GRANTS FOR new@'%'"), /GRANT OPTION/);
				server.sql("", "ALTER USER new@'%' ACCOUNT UNLOCK");
				assert.ok(mayLogIn("new"), "as the message says");
			});

			test("and there are none: the application's own may log in, another from elsewhere not", async () => {
				server.sql("", "DROP DATABASE app; DROP USER app@localhost");
				const said = await brought(account("app", "localhost"), account("new", "%"));
				assert.deepEqual([mayLogIn("new"), mayLogIn("app")], [false, true]);
				assert.doesNotMatch(said, /app@localhost is made but locked/);
			});

			test("and there are none: the only one may log in, wherever it comes from", async () => {
				server.sql("", "DROP DATABASE app; DROP USER app@localhost");
				await brought(account("new", "%"), { ...account("new", "10.0.0.%"), clauses: [] });
				assert.ok(mayLogIn("new"));
			});

			test("that would take the place of what is here", async () => {
				const was = outside();
				const said = await brought(
					account("other", "%"),
					account("other", "127.0.0.1"),
					account("", "localhost"),
				);
				assert.match(said, /account other@% is left out, since this server has other@localhost already/);
				assert.match(said, /account @localhost is left out/);
				assert.equal(outside(), was);
				assert.doesNotMatch(said, /made the accounts/);
			});

			test("whose rights are a pattern that other databases fit", async () => {
				server.sql("", "CREATE DATABASE app_x; CREATE DATABASE appyx; CREATE TABLE appyx.t (n INT)");
				const own = { ...dump, mariadb: "app_x" };
				place.declare({ state: { app: { dumps: [own] } } });
				forgeArchive(place.path("archives"), "app", [
					{
						dump: own,
						content: `${NOTE}${OBJECTS}`,
						facts: FACTS,
						accounts: { accounts: [account("new", "%")] },
					},
				]);
				const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
				assert.equal(code, 0, stderr);
				assert.equal(server.as("new", "app_x", "SELECT 1").code, 0);
				assert.notEqual(server.as("new", "appyx", "SELECT 1").code, 0);
				server.sql("", "DROP DATABASE app_x; DROP DATABASE appyx");
			});
		});

		test("says as whom the server is asked", async () => {
			server.sql(
				"",
				"CREATE USER games@localhost IDENTIFIED VIA unix_socket; GRANT ALL ON app.* TO games@localhost; GRANT ALL ON `holdfast\\_%`.* TO games@localhost",
			);
			forge(`GRANT ALL ON *.* TO app@localhost;\n${OBJECTS}`);
			for (const mariadb of ["app", "*"]) {
				place.declare({ state: { app: { dumps: [{ ...dump, mariadb, user: "games" }] } } });
				assert.match(await restored(1), /Access denied for user 'games'/);
			}
			server.sql("", "DROP USER games@localhost");
		});

		test("names a database that the config does not", async () => {
			forgeArchive(place.path("archives"), "app", [
				{ dump: { ...dump, mariadb: "other" }, content: `${NOTE}${OBJECTS}`, facts: FACTS },
			]);
			assert.match(await restored(1), /holds the MariaDB database other, and the config does not/);
			const { code, stdout } = await place.holdfast("diff", "tar", "latest");
			assert.equal(code, 0);
			assert.match(stdout, /MariaDB database other of app, and the config does not: it is not compared/);
			assert.doesNotMatch(stdout, /ROWS/);
		});

		test("that was this machine's own is changed", async () => {
			await backedUp();
			const [name = ""] = readdirSync(place.path("archives"));
			const index = JSON.parse(readFileSync(place.path("archives", name, "index.json"), "utf8"));
			const [{ dump: own, facts, stored }] = index.metadata.states.app.dumps;
			forgeArchive(place.path("forged"), "app", [{ dump: own, content: `${NOTE}${OBJECTS}`, facts }]);
			const [forged = ""] = readdirSync(place.path("forged"));
			const other = JSON.parse(readFileSync(place.path("forged", forged, "index.json"), "utf8"));
			const [segment] = other.segments;
			index.segments = index.segments.map((one: { path: string }) =>
				one.path === stored ? { ...segment, path: stored, file: "stream-9.zst" } : one,
			);
			copyFileSync(place.path("forged", forged, segment.file), place.path("archives", name, "stream-9.zst"));
			writeFileSync(place.path("archives", name, "index.json"), JSON.stringify(index));
			assert.match(await restored(1), /not the one that this machine wrote there/);
		});
	});
});

function literal(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

async function until(isSo: () => boolean): Promise<void> {
	for (let left = 150; !isSo(); left--) {
		assert.ok(left > 0, "it does not come to that");
		await pause(100);
	}
}
