// What MariaDB cannot be given back costs itself, and is said: accounts that a server does not take, objects that are invalid, tables
// of other engines, notes that could not be gathered.
import assert from "node:assert/strict";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { before, beforeEach, describe, test } from "node:test";
import { moveDefinitions } from "../../src/databases/mariadb/definitions.ts";
import { dataOf } from "../../src/databases/mariadb/dump.ts";
import { crossKeys } from "../../src/databases/mariadb/foreign-keys.ts";
import { notesOf } from "../../src/databases/mariadb/notes.ts";
import { objectsOf } from "../../src/databases/mariadb/objects.ts";
import { putObjects } from "../../src/databases/mariadb/put-objects.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { engineFacts, engineObstacles } from "../../src/databases/mariadb/storage-engines.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, type TestServer } from "../support/servers.ts";
import { leftOutOf, saidBy } from "./left-out.ts";

const folder = scratch("left-out-mariadb");
let place: Place;
const holdfast = (expected: number, ...words: string[]) => saidBy(place, expected, words);
const result = () => leftOutOf(place);

describe("MariaDB: what a restore leaves out", { skip: noServers }, () => {
	let server: TestServer;
	before(async () => {
		server = await mariadbServer(["--plugin-load-add=auth_ed25519"]);
	});
	beforeEach(() => {
		place = new Place(folder);
		place.declare({ state: { app: { dumps: [{ mariadb: "app", socket: server.socket }] } } });
		server.sql(
			"",
			"DROP DATABASE IF EXISTS app; CREATE DATABASE app; CREATE TABLE app.t (a INT, b INT); INSERT INTO app.t VALUES (1, 2)",
		);
	});

	test("an account that this server does not take costs itself only", async () => {
		server.sql(
			"",
			`CREATE USER aa@localhost IDENTIFIED VIA ed25519 USING PASSWORD('secret'); GRANT SELECT ON app.* TO aa@localhost; GRANT UPDATE (a) ON app.t TO aa@localhost;
			CREATE USER bb@localhost IDENTIFIED BY 'pw'; GRANT SELECT ON app.* TO bb@localhost; GRANT DELETE ON app.t TO bb@localhost; CREATE ROLE cc; GRANT INSERT ON app.* TO cc; GRANT cc TO bb@localhost`,
		);
		const hash = server.sql("", "SELECT authentication_string FROM mysql.user WHERE User = 'aa'");
		const grants = server.sql("", "SHOW GRANTS FOR bb@localhost");
		await holdfast(0, "create");
		server.sql(
			"",
			"DROP DATABASE app; DROP USER aa@localhost, bb@localhost; DROP ROLE cc; UNINSTALL SONAME 'auth_ed25519'",
		);
		const said = await result();
		assert.match(said, /the account aa@localhost could not be created: ERROR 1524 .*ed25519/);
		assert.match(said, /created the accounts (bb@localhost and cc|cc and bb@localhost), which/);
		assert.ok(!said.includes(hash));
		assert.equal(server.sql("", "SHOW GRANTS FOR bb@localhost"), grants);
		// A privilege on a table does not create it, and without a password at that.
		assert.equal(server.sql("", "SELECT User FROM mysql.user WHERE User = 'aa'"), "");
		assert.equal(server.sql("app", "SELECT * FROM t"), "1\t2");
		server.sql("", "INSTALL SONAME 'auth_ed25519'; DROP USER bb@localhost; DROP ROLE cc");
	});

	test("a privilege on a table that is not in the dump is said", async () => {
		server.sql(
			"",
			"CREATE USER dd@localhost; GRANT SELECT ON app.* TO dd@localhost; CREATE TABLE app.old (a INT); GRANT SELECT ON app.old TO dd@localhost; DROP TABLE app.old",
		);
		await holdfast(0, "create");
		server.sql("", "DROP DATABASE app; DROP USER dd@localhost");
		const said = await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.match(
			said,
			/1 of the privileges on the tables and routines of app could not be granted: ERROR 1146 /,
		);
		server.sql("", "DROP USER dd@localhost");
	});

	test("an invalid view of the live database does not keep it from being restored, and an undo shows it", async () => {
		await holdfast(0, "create");
		server.sql(
			"app",
			"CREATE TABLE gone (n INT); CREATE VIEW of_gone AS SELECT n FROM gone; DROP TABLE gone; CREATE VIEW fine AS SELECT a FROM t",
		);
		await holdfast(0, "restore", "--yes", "--keep-old", "1h", "tar", "latest");
		assert.equal(
			server.sql("", "SELECT table_name FROM information_schema.views WHERE table_schema = 'app'"),
			"",
		);
		const said = await holdfast(0, "undo", "--yes", "latest");
		assert.match(said, /the view of_gone of app could not be created .*; its definition: CREATE .*gone/);
		assert.equal(
			server.sql("", "SELECT table_name FROM information_schema.views WHERE table_schema = 'app'"),
			"fine",
		);
	});

	test("an invalid view of an ordinary account keeps neither a restore from its end, nor a rollback, nor an undo", async () => {
		server.sql(
			"",
			"CREATE DATABASE next; CREATE TABLE next.n (n INT); CREATE TABLE next.o (n INT); CREATE USER ee@localhost; GRANT ALL ON app.* TO ee@localhost; GRANT SELECT ON next.n TO ee@localhost; CREATE DEFINER = ee@localhost VIEW app.of_n AS SELECT n FROM next.n; CREATE DEFINER = ee@localhost VIEW app.of_o AS SELECT n FROM next.o; DROP TABLE next.n, next.o",
		);
		const shown = () =>
			server.sql("", "SELECT table_name FROM information_schema.tables WHERE table_schema = 'app'");
		await holdfast(0, "create");
		server.sql("app", "CREATE TABLE later (a INT)");
		const { signal } = await place.start(
			["restore", "--yes", "tar", "latest"],
			["env", "HOLDFAST_FAULT=kill@swap:app:0#swapped"],
		).ended;
		assert.equal(signal, "SIGKILL");
		await holdfast(0, "recover");
		assert.match(shown(), /later/);
		const said = await holdfast(0, "restore", "--yes", "--keep-old", "1h", "tar", "latest");
		assert.match(said, /the view of_n of app could not be created/);
		assert.match(said, /the view of_o of app could not be created/);
		assert.equal(shown(), "t");
		await holdfast(0, "undo", "--yes", "latest");
		assert.match(shown(), /later/);
		server.sql("", "DROP DATABASE next; DROP USER ee@localhost");
	});

	test("an invalid view that is valid where it is restored comes back", async () => {
		server.sql("", "CREATE DATABASE next; CREATE TABLE next.n (n INT)");
		server.sql("app", "CREATE VIEW of_next AS SELECT n FROM next.n");
		server.sql("", "DROP DATABASE next");
		assert.match(await holdfast(0, "create"), /the view of_next of app is invalid/);
		server.sql("", "CREATE DATABASE next; CREATE TABLE next.n (n INT); INSERT INTO next.n VALUES (7)");
		assert.doesNotMatch(await holdfast(0, "restore", "--yes", "tar", "latest"), /invalid/);
		assert.equal(server.sql("app", "SELECT n FROM of_next"), "7");
		server.sql("", "DROP DATABASE next");
	});

	test("of very many invalid views the first ones are named [long]", async () => {
		const names = Array.from({ length: 30 }, (_, index) => `v${index + 10}`);
		server.sql(
			"app",
			`CREATE TABLE gone (n INT); ${names.map((name) => `CREATE VIEW ${name} AS SELECT n FROM gone`).join("; ")}; DROP TABLE gone; CREATE VIEW fine AS SELECT a FROM t`,
		);
		const said = await holdfast(0, "create");
		assert.equal(said.match(/ is invalid /g)?.length, 20);
		assert.match(said, /and 10 more views, triggers, routines or events/);
		const restored = await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(restored.match(/ could not be created /g)?.length, 20);
		assert.match(restored, /and 10 more views, triggers, routines or events/);
		assert.equal(server.sql("app", "SELECT a FROM fine"), "1");
	});

	test("databases whose folders have other names: keys between them, and a definition that a power cut has left behind", async () => {
		const [one, other] = ["ü-Ж日1", "ß-2"] as const;
		server.sql(
			"",
			`CREATE DATABASE \`${one}\`; CREATE DATABASE \`${other}\`; CREATE TABLE \`${one}\`.t (id INT PRIMARY KEY); CREATE TABLE \`${other}\`.\`é\` (id INT REFERENCES \`${one}\`.t (id))`,
		);
		const ours = serverOf({ socket: server.socket });
		assert.deepEqual(await crossKeys(ours, one), { incoming: [`${other}.é`], outgoing: [] });
		assert.deepEqual(await crossKeys(ours, other), { incoming: [], outgoing: [one] });
		const data = join(server.folder, "data");
		renameSync(join(data, "@1o@002d@M0@65e51/t.frm"), join(data, "@1j@002d2/t.frm"));
		await moveDefinitions(ours, [one, other]);
		assert.ok(existsSync(join(data, "@1o@002d@M0@65e51/t.frm")));
		assert.equal(server.sql("", `SELECT COUNT(*) FROM \`${one}\`.t`), "0");
		server.sql("", `DROP DATABASE \`${other}\`; DROP DATABASE \`${one}\``);
	});

	test("a table whose rows are elsewhere comes back as it is defined, and never as one of another engine", async () => {
		server.sql(
			"",
			`INSTALL SONAME 'ha_federatedx'; CREATE USER far@127.0.0.1 IDENTIFIED BY 'pw'; CREATE DATABASE far; CREATE TABLE far.t (a INT PRIMARY KEY); INSERT INTO far.t VALUES (1), (2); GRANT ALL ON far.* TO far@127.0.0.1;
			CREATE TABLE app.of_far (a INT PRIMARY KEY) ENGINE = FEDERATED CONNECTION = 'mysql://far:pw@127.0.0.1:${server.port}/far/t'`,
		);
		assert.match(
			await holdfast(0, "create"),
			/the rows of the tables of_far \(FEDERATED\) are not in the dump/,
		);
		server.sql("", "DROP DATABASE app; UNINSTALL SONAME 'ha_federatedx'");
		assert.match(
			await holdfast(1, "restore", "--yes", "tar", "latest"),
			/app cannot be loaded: its tables need the storage engine FEDERATED/,
		);
		// However many others it lacks.
		const others = Array.from({ length: 30 }, (_, index) => `A${index}`);
		const facts = { version: 10, engines: [...others, "FEDERATED"] };
		assert.match((await engineObstacles(serverOf({ socket: server.socket }), facts)).join(), /FEDERATED/);
		server.sql("", "INSTALL SONAME 'ha_federatedx'");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(server.sql("app", "SELECT * FROM of_far"), "1\n2");
		assert.equal(server.sql("far", "SELECT * FROM t"), "1\n2");
		server.sql(
			"",
			"DROP DATABASE app; DROP DATABASE far; DROP USER far@127.0.0.1; UNINSTALL SONAME 'ha_federatedx'",
		);
	});

	test("a table of an engine that the server lacks gets another one, with its rows, and the restore says which", async () => {
		server.sql(
			"",
			"INSTALL SONAME 'ha_archive'; CREATE TABLE app.kept (a INT) ENGINE = ARCHIVE; INSERT INTO app.kept VALUES (1), (2)",
		);
		await holdfast(0, "create");
		server.sql("", "DROP DATABASE app; UNINSTALL SONAME 'ha_archive'");
		assert.match(
			await holdfast(0, "restore", "--yes", "tar", "latest"),
			/does not have the storage engine ARCHIVE: the tables of app that had it are InnoDB tables now/,
		);
		assert.equal(server.sql("app", "SELECT * FROM kept"), "1\n2");
	});

	test("tables on files are left out and said, as no loader may touch the machine's files", async () => {
		const ours = serverOf({ socket: server.socket });
		// No package of that engine can be had: the server's answer is told instead.
		const connect = {
			...ours,
			sql: async (statements: readonly string[], doing: string) => {
				const rows = await ours.sql(statements, doing);
				const [first = ""] = statements;
				if (first.startsWith("SELECT table_name, engine ")) return [...rows, ["of_file", "CONNECT"]];
				return first.includes("IFNULL(engine") ? [...rows, ["of_file", "BASE TABLE", "CONNECT"]] : rows;
			},
		};
		const options = await dataOf(connect, "app");
		assert.ok(options.includes("--ignore-table=app.of_file") && options.includes("--single-transaction"));
		assert.match((await notesOf(connect, "app")).join(), /the tables of_file \(CONNECT\) are left out/);
		assert.deepEqual(await engineFacts(connect, "app"), {});
	});

	test("views that only we could create are not created with our rights, as on servers before MariaDB 10.5 [long]", async () => {
		server.sql(
			"",
			"CREATE USER ff@localhost; GRANT ALL ON app.* TO ff@localhost; CREATE DEFINER = ff@localhost VIEW app.of_ff AS SELECT a FROM app.t; CREATE USER keeper@localhost IDENTIFIED BY 'pw'; GRANT ALL ON *.* TO keeper@localhost WITH GRANT OPTION; REVOKE SET USER ON *.* FROM keeper@localhost",
		);
		const shown = () =>
			server.sql("", "SELECT table_name FROM information_schema.views WHERE table_schema = 'app'");
		const defaultsFile = place.write("keeper.cnf", "[client]\nuser=keeper\npassword=pw\n");
		place.declare({ state: { app: { dumps: [{ mariadb: "app", socket: server.socket, defaultsFile }] } } });
		await holdfast(0, "create");
		const refused = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(refused, /the views of app could only be created with administrator rights[\s\S]*of_ff/);
		assert.equal(shown(), "of_ff");

		// A server that lets nobody but its administrators create what runs as another.
		const ours = serverOf({ socket: server.socket });
		const older = {
			...ours,
			async sql(statements: readonly string[], doing: string) {
				if (!statements.some((one) => one.startsWith("GRANT SET"))) return ours.sql(statements, doing);
				throw new HoldfastError("database-failed", doing, { details: ["ERROR 1227 (42000): denied"] });
			},
		};
		const { objects } = await objectsOf(ours, "app");
		const said: string[] = [];
		const rest = { objects: [...objects], trusted: true };
		await putObjects(older, "app", rest, { warn: (line) => said.push(line) });
		assert.match(said.join(), /the view of_ff of app could not be created .*; its definition: CREATE /);
		assert.equal(shown(), "");
		await putObjects(older, "app", { ...rest, agreed: true });
		assert.equal(shown(), "of_ff");
		server.sql("", "DROP USER keeper@localhost, ff@localhost");
	});

	test("what the configured account may not see is said", async () => {
		server.sql("", "CREATE USER seer@localhost IDENTIFIED BY 'pw'; GRANT SELECT ON *.* TO seer@localhost");
		const defaultsFile = place.write("seer.cnf", "[client]\nuser=seer\npassword=pw\n");
		const notes = await notesOf(serverOf({ socket: server.socket, defaultsFile }), "app");
		assert.match(notes.join(), /foreign keys between it and other databases cannot be seen .* PROCESS/);
		assert.deepEqual(await notesOf(serverOf({ socket: server.socket }), "app"), []);
		server.sql("", "DROP USER seer@localhost");
	});

	test("a default that is a text about sequences is no sequence", async () => {
		server.sql(
			"app",
			"CREATE TABLE words (a VARCHAR(99) DEFAULT 'call nextval(s) or it''s \\\\ setval(s)', b VARCHAR(99) DEFAULT (CONCAT('x', 'lastval(')), `nextval(` INT DEFAULT 3, c INT DEFAULT (`nextval(` + 1)); INSERT INTO words () VALUES ()",
		);
		await holdfast(0, "create");
		server.sql("", "DROP DATABASE app");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(server.sql("app", "SELECT b, c FROM words"), "xlastval(\t4");
		server.sql("app", "CREATE SEQUENCE s; CREATE TABLE of_s (a INT DEFAULT (1 + NEXTVAL(s)))");
		const said = await holdfast(1, "create");
		assert.match(said, /of_s\.a takes its default from a sequence/);
		assert.doesNotMatch(said, /words\./);
	});

	test("notes that cannot be gathered do not cost the backup, and the archive says so", async () => {
		server.sql("", "RENAME TABLE mysql.servers TO mysql.servers_away");
		try {
			assert.match(
				await holdfast(0, "create"),
				/what a restore of the MariaDB database app would leave out could not be found out: .*servers/,
			);
		} finally {
			server.sql("", "RENAME TABLE mysql.servers_away TO mysql.servers");
		}
		assert.match(
			await holdfast(0, "restore", "--yes", "tar", "latest"),
			/it could not be found out what a restore leaves out/,
		);
	});
});
