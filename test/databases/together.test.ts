// Several databases of one state are swapped one after the other: what needs another one is made once all are there, and after a
// crash in between an undo brings all of them back.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("together");
let place: Place;
const holdfast = async (expected: number, ...words: string[]) => {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, expected, stdout + stderr);
	return stderr;
};
/** Killed at this moment of a restore. */
const killed = async (moment: string) => {
	const words = ["restore", "--yes", "tar", "latest"];
	const { signal, stderr } = await place.start(words, ["env", `HOLDFAST_FAULT=kill@${moment}`]).ended;
	assert.equal(signal, "SIGKILL", stderr);
};
const MOMENTS = ["swap:app:0#swapped", "swap:app:1#remembered"];

describe("two databases of MariaDB in one state", { skip: noServers }, () => {
	let server: TestServer;
	before(async () => {
		server = await mariadbServer();
	});
	const make = (value: number) =>
		server.sql(
			"",
			`DROP DATABASE IF EXISTS aa; DROP DATABASE IF EXISTS bb; CREATE DATABASE aa; CREATE DATABASE bb; CREATE TABLE aa.t${value} (a INT); CREATE TABLE bb.t${value} (a INT); INSERT INTO aa.t${value} VALUES (${value}); INSERT INTO bb.t${value} VALUES (${value});
			CREATE VIEW aa.theirs AS SELECT a FROM bb.t${value}; CREATE VIEW bb.theirs AS SELECT a FROM aa.t${value}; CREATE VIEW aa.above AS SELECT * FROM bb.theirs`,
		);
	const shown = () =>
		server.sql(
			"",
			"SELECT * FROM aa.theirs; SELECT * FROM bb.theirs; SELECT * FROM aa.above; SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('aa', 'bb') ORDER BY 1, 2; SHOW DATABASES LIKE 'holdfast%'; SELECT User FROM mysql.user WHERE User LIKE 'holdfast%'",
		);
	beforeEach(async () => {
		place = new Place(folder);
		place.declare({
			state: {
				app: {
					dumps: [
						{ mariadb: "aa", socket: server.socket },
						{ mariadb: "bb", socket: server.socket },
					],
				},
			},
		});
		make(1);
		await holdfast(0, "create");
	});

	test("have views of each other, and come back where neither is", async () => {
		const old = shown();
		server.sql("", "DROP DATABASE aa; DROP DATABASE bb");
		assert.doesNotMatch(await holdfast(0, "restore", "--yes", "tar", "latest"), /could not/);
		assert.equal(shown(), old);
	});

	test("come back by an undo, with views of what only the old ones have", async () => {
		make(2);
		const live = shown();
		await holdfast(0, "restore", "--yes", "--keep-old", "1h", "tar", "latest");
		assert.match(shown(), /^1\n1\n1\n/);
		const plan = (await holdfast(0, "undo", "--dry-run", "latest")).match(/(?<=^ *\d+\. ).*/gm) ?? [];
		assert.equal(new Set(plan).size, plan.length, "each step says what it does");
		assert.doesNotMatch(await holdfast(0, "undo", "--yes", "latest"), /could not/);
		assert.equal(shown(), live);
	});

	test("that need a database that is not there come back without the view, which is shown [long]", async () => {
		server.sql(
			"",
			"CREATE DATABASE cc; CREATE TABLE cc.t (n INT); CREATE VIEW bb.of_c AS SELECT n FROM cc.t",
		);
		await holdfast(0, "create");
		server.sql("", "DROP DATABASE aa; DROP DATABASE bb; DROP DATABASE cc");
		const said = await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.match(
			said,
			/the view of_c of bb could not be created \(ERROR 1146 .*\); its definition: CREATE .*cc/,
		);
		assert.equal(said.match(/could not be created/g)?.length, 1);
		assert.match(shown(), /^1\n1\n1\n/);
	});

	test("that have what the server does not take any more: triggers and routines are shown, and those of the old ones by an undo [long]", async () => {
		server.sql("aa", "CREATE TRIGGER trg BEFORE INSERT ON t1 FOR EACH ROW SET NEW.a = NEW.a + 1");
		server.sql("aa", "ALTER TABLE t1 CHANGE a b INT; CREATE OR REPLACE VIEW theirs AS SELECT 1 AS a");
		server.sql("", "DROP VIEW bb.theirs, aa.above");
		await holdfast(0, "create");
		const lost = /the trigger trg of aa could not be created \(.*\); its definition: CREATE .*NEW\.a/;
		const said = await holdfast(0, "restore", "--yes", "--keep-old", "1h", "tar", "latest");
		assert.match(said, lost);
		assert.match(await holdfast(0, "undo", "--yes", "latest"), lost);
	});

	test("whose tables refer to each other come back where neither is, and are not swapped: the keys would refer to the old ones", async () => {
		server.sql(
			"",
			"CREATE TABLE aa.parent (a INT PRIMARY KEY); CREATE TABLE bb.parent (a INT PRIMARY KEY); INSERT INTO aa.parent VALUES (1); INSERT INTO bb.parent VALUES (1); CREATE TABLE aa.child (a INT, FOREIGN KEY (a) REFERENCES bb.parent (a)); CREATE TABLE bb.child (a INT, FOREIGN KEY (a) REFERENCES aa.parent (a)); INSERT INTO aa.child VALUES (1); INSERT INTO bb.child VALUES (1)",
		);
		const keys = () => server.sql("", "SHOW CREATE TABLE aa.child; SHOW CREATE TABLE bb.child");
		const old = [shown(), keys()];
		await holdfast(0, "create");
		const refused = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(
			refused,
			/the MariaDB database aa cannot be swapped: bb\.child refers to it by a foreign key/,
		);
		assert.match(
			refused,
			/the MariaDB database bb cannot be swapped: aa\.child refers to it by a foreign key/,
		);
		assert.deepEqual([shown(), keys()], old);
		server.sql("", "SET foreign_key_checks = 0; DROP DATABASE aa; DROP DATABASE bb");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.deepEqual([shown(), keys()], old);
		for (const name of ["aa", "bb"])
			assert.throws(() => server.sql(name, "INSERT INTO child VALUES (2)"), /foreign key constraint fails/);
		server.sql("", "SET foreign_key_checks = 0; DROP DATABASE aa; DROP DATABASE bb");
	});

	test("of which one refers to a database that is not restored [long]", async () => {
		server.sql(
			"",
			"CREATE DATABASE `c_c-2`; CREATE TABLE `c_c-2`.parent (a INT PRIMARY KEY); INSERT INTO `c_c-2`.parent VALUES (1); CREATE TABLE aa.child (a INT, FOREIGN KEY (a) REFERENCES `c_c-2`.parent (a) ON DELETE CASCADE); INSERT INTO aa.child VALUES (1)",
		);
		const keys = () => server.sql("", "SHOW CREATE TABLE aa.child");
		const old = [shown(), keys()];
		await holdfast(0, "create");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.deepEqual([shown(), keys()], old);
		server.sql("", "DELETE FROM `c_c-2`.parent");
		assert.equal(server.sql("aa", "SELECT * FROM child"), "");
		server.sql("", "DROP DATABASE aa; DROP DATABASE bb; DROP DATABASE `c_c-2`");
	});

	test("of which one is gone that a third one refers to [long]", async () => {
		server.sql(
			"",
			"CREATE TABLE aa.parent (a INT PRIMARY KEY); INSERT INTO aa.parent VALUES (1); CREATE DATABASE cc; CREATE TABLE cc.child (a INT, FOREIGN KEY (a) REFERENCES aa.parent (a)); INSERT INTO cc.child VALUES (1)",
		);
		await holdfast(0, "create");
		server.sql("", "SET foreign_key_checks = 0; DROP DATABASE aa");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(server.sql("aa", "SELECT * FROM parent"), "1");
		assert.throws(
			() => server.sql("cc", "INSERT INTO child VALUES (2)"),
			/foreign key constraint fails .*`aa`\.`parent`/,
		);
		server.sql("", "INSERT INTO aa.parent VALUES (2); INSERT INTO cc.child VALUES (2); DROP DATABASE cc");
	});

	for (const moment of [...MOMENTS, "swap:app:1#tables-renamed", "swap:app:1#swapped"])
		test(`are both the old ones after a crash at ${moment}${moment === MOMENTS[0] ? "" : " [long]"}`, async () => {
			make(2);
			const live = shown();
			await killed(moment);
			await holdfast(0, "recover");
			assert.equal(shown(), live);
		});
});

describe("two databases of PostgreSQL in one state", { skip: noServers }, () => {
	let server: TestServer;
	before(async () => {
		server = await postgresqlServer();
	});
	const make = (value: number) => {
		for (const name of ["aa", "bb"]) {
			server.sql("postgres", `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
			server.sql("postgres", `CREATE DATABASE ${name} TEMPLATE template0`);
			server.sql(name, `CREATE TABLE t (a int); INSERT INTO t VALUES (${value})`);
		}
	};
	const shown = () =>
		[
			...["aa", "bb"].map((name) => server.sql(name, "SELECT * FROM t")),
			server.sql(
				"postgres",
				"SELECT datname FROM pg_database WHERE datname ~ 'holdfast' OR NOT datallowconn",
			),
		].join();
	beforeEach(async () => {
		place = new Place(folder);
		const where = { host: server.folder, port: server.port };
		place.declare({
			state: {
				app: {
					dumps: [
						{ postgresql: "aa", ...where },
						{ postgresql: "bb", ...where },
					],
				},
			},
		});
		make(1);
		await holdfast(0, "create");
		make(2);
	});

	for (const moment of [...MOMENTS, "swap:app:1#swapped"])
		test(`are both the old ones after a crash at ${moment}${moment === MOMENTS[0] ? "" : " [long]"}`, async () => {
			const live = shown();
			await killed(moment);
			await holdfast(0, "recover");
			assert.equal(shown(), live);
		});
});
