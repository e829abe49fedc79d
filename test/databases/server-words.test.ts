// What is said of a server that does not answer, or not to this user: true also of one on another machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/databases/client.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { connectionOf } from "../../src/databases/postgresql/ask.ts";

/** The hint where a program said this. */
function hintOf(client: Parameters<typeof fault>[0], said: string): string {
	const end = {
		code: 2,
		killedBy: null,
		timedOut: false,
		stoodStill: false,
		leftProcesses: false,
		stdout: [],
		stderr: [said],
	};
	return fault(client, "look", end).hint ?? "";
}

const postgresql = (dump: object) => connectionOf({ user: undefined, host: undefined, ...dump }).client;
const REFUSED = 'psql: error: connection to server at "db.example" failed: Connection refused';

test("a PostgreSQL server on another host has no unit here", () => {
	assert.match(hintOf(postgresql({}), REFUSED), /systemctl status postgresql/);
	assert.match(hintOf(postgresql({ host: "/run/postgresql" }), REFUSED), /systemctl status postgresql/);
	const there = hintOf(postgresql({ host: "db.example" }), REFUSED);
	assert.match(there, /the server on db\.example up/);
	assert.doesNotMatch(there, /systemctl/);
	assert.match(hintOf(postgresql({ pgService: "far" }), REFUSED), /the service far of pg_service\.conf/);
});

test("a password that is missing or wrong is no server that is down", () => {
	for (const said of [
		'connection to server at "db.example", port 5432 failed: fe_sendauth: no password supplied',
		'connection to server at "db.example", port 5432 failed: FATAL:  password authentication failed for user "notes"',
	]) {
		const hint = hintOf(postgresql({ host: "db.example" }), said);
		assert.match(hint, /pgService.*\.pgpass/);
		assert.doesNotMatch(hint, /is the server/);
	}
	const { client } = serverOf({ user: undefined });
	assert.match(
		hintOf(client, "ERROR 1045 (28000): Access denied for user 'notes'@'localhost' (using password: NO)"),
		/defaultsFile/,
	);
});
