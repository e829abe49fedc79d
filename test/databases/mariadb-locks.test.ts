// Somebody holds MariaDB locks indefinitely: a command that waits for them can be interrupted.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { withoutSessions } from "../../src/databases/mariadb/holders.ts";
import { mariadb } from "../../src/databases/mariadb/mariadb.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, until } from "../support/servers.ts";

test("a command that waits for locks, also to take its own account away, heeds SIGTERM", {
	skip: noServers,
}, async () => {
	const server = await mariadbServer();
	const held: ChildProcess[] = [];
	/** Until they are released. */
	const hold = (statement: string) => {
		const child = spawn("mariadb", ["--no-defaults", `--socket=${server.socket}`, "--unbuffered"]);
		child.stdin.write(`${statement};\nSELECT 1;\n`);
		held.push(child);
	};
	const state = (like: string) =>
		server.sql("", `SELECT count(*) FROM information_schema.processlist WHERE ${like}`) !== "0";
	const accounts = () => server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'");
	try {
		server.sql("", "CREATE DATABASE app; CREATE TABLE app.t (n INT)");
		const place = new Place(scratch("mariadb-locks"));
		place.declare({ state: { app: { dumps: [{ mariadb: "app", socket: server.socket }] } } });
		assert.equal((await place.holdfast("create")).code, 0);
		hold("LOCK TABLES app.t WRITE");
		await until(() => server.sql("", "SHOW OPEN TABLES FROM app WHERE In_use > 0") !== "");
		const { child, ended } = place.start(["diff", "tar", "latest"]);
		await until(() => state("user LIKE 'holdfast%' AND state LIKE 'Waiting for table%'"));
		// From now on, no user can be dropped.
		hold("FLUSH TABLES WITH READ LOCK");
		await until(() => state("info LIKE 'FLUSH TABLES%' AND state LIKE 'Waiting%'"));
		child.kill("SIGTERM");
		const end = await Promise.race([ended, pause(12_000, "late", { ref: false })]);
		child.kill("SIGKILL");
		assert.ok(typeof end === "object" && end.code === 130, JSON.stringify(end));
		assert.doesNotMatch(end.stderr, /could not/);
		assert.equal(accounts(), "1");
		for (const one of held) one.kill();
		await until(() => !state("info LIKE 'FLUSH TABLES%' OR info LIKE 'DROP USER%'"));
		assert.equal((await place.holdfast("diff", "tar", "latest")).code, 0);
		assert.equal(accounts(), "0", "the next run takes it away");
	} finally {
		for (const one of held) one.kill();
	}
});

test("a service that locks its tables, without them being in its current database, does not hold up a swap [long]", {
	skip: noServers,
}, async () => {
	const server = await mariadbServer();
	server.sql(
		"",
		`CREATE DATABASE app; CREATE TABLE app.t AS SELECT 'old' AS text; CREATE DATABASE fresh; CREATE TABLE fresh.t AS SELECT 'new' AS text;
		CREATE DATABASE other; CREATE TABLE other.t (n INT); CREATE TABLE other.u (n INT); CREATE USER app@localhost IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO app@localhost;
		CREATE USER other@localhost IDENTIFIED BY 'pw'; GRANT ALL ON other.* TO other@localhost;
		CREATE USER wild@localhost IDENTIFIED BY 'pw'; GRANT ALL ON \`ap%\`.* TO wild@localhost;
		CREATE ROLE group_of_app; GRANT ALL ON app.* TO group_of_app; CREATE USER member@localhost IDENTIFIED BY 'pw'; GRANT group_of_app TO member@localhost; SET DEFAULT ROLE group_of_app FOR member@localhost;
		CREATE USER twin@localhost IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO twin@localhost; GRANT ALL ON other.* TO twin@localhost`,
	);
	const sessions: ChildProcess[] = [];
	const hold = async (user: string, table: string, database = table.split(".")[0]) => {
		const child = spawn("mariadb", [
			...["--no-defaults", `--socket=${server.socket}`, `--user=${user}`, "--password=pw", "--unbuffered"],
		]);
		sessions.push(child);
		child.stdin.write(`LOCK TABLES ${table} WRITE;\n`);
		await until(() => server.sql("", `SHOW OPEN TABLES FROM ${database} WHERE In_use > 0`) !== "");
		return child;
	};
	try {
		const bystander = await hold("other", "other.t");
		const database = mariadb({ mariadb: "app", socket: server.socket });
		const names = { fresh: "fresh", live: "app", old: "old", rest: { objects: [] } };
		let memory: unknown = null;
		const keep = (what: unknown) => {
			memory = what;
		};
		const late = AbortSignal.timeout(60_000);
		const inTime = async (work: Promise<void>) => {
			await Promise.race([
				work,
				new Promise((_, no) => late.addEventListener("abort", () => no(late.reason))),
			]);
		};
		await hold("app", "app.t");
		await inTime(database.swap({ ...names, memory: null, keep }));
		assert.equal(server.sql("app", "SELECT text FROM t"), "new");
		await hold("wild", "app.t");
		await inTime(database.swapBack({ ...names, memory }));
		assert.equal(server.sql("app", "SELECT text FROM t"), "old");
		await hold("member", "app.t");
		await inTime(database.swap({ ...names, memory: null, keep }));
		// Work that takes long without waiting for anybody ends nobody's session.
		const bystanders = await hold("twin", "other.u");
		await inTime(withoutSessions(serverOf({ socket: server.socket }), "app", () => pause(5_000)));
		assert.equal(bystanders.exitCode, null);
		assert.equal(bystanders.signalCode, null);
		assert.equal(server.sql("", "SHOW OPEN TABLES FROM other LIKE 'u'").split("\t")[2], "1");
		assert.equal(bystander.exitCode, null, "a session of another service's was ended");
		assert.notEqual(server.sql("", "SHOW OPEN TABLES FROM other WHERE In_use > 0"), "");
	} finally {
		for (const one of sessions) one.kill();
	}
});
