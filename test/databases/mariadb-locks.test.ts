// Somebody holds MariaDB locks indefinitely: a command that waits for them can be interrupted.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
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
