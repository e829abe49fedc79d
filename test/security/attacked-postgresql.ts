// A PostgreSQL server with a service's database and another one, and the data that an attack must not change.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { before, beforeEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("postgresql-attacks");
export const FACTS = {
	version: 15,
	owner: "app",
	encoding: "UTF8",
	collate: "C",
	ctype: "C",
	extensions: [],
};

// Importing modules see them change.
export let server: TestServer;
export let place: Place;
export let dump: { postgresql: string; host: string; port: number };
/** Where the server can write and nobody else does. */
export let planted: string;

/** Call it in a `describe`: each of its tests starts with both databases in their initial state. */
export function attacked(): void {
	before(async () => {
		server = await postgresqlServer();
	});
	beforeEach(() => {
		place = new Place(folder);
		mkdirSync(place.path("out"));
		planted = `${server.folder}/planted-${place.folder.slice(-6)}`;
		server.sql(
			"postgres",
			`${["app", "other", "forge", "taken"].map((name) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE);`).join("\n")}
			DROP ROLE IF EXISTS app, other, new; CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE ROLE other LOGIN PASSWORD 'pw';
			CREATE DATABASE app OWNER app TEMPLATE template0; CREATE DATABASE other OWNER other TEMPLATE template0;
	\\connect other
CREATE TABLE t AS SELECT 1 AS n`,
		);
		asService("CREATE TABLE note (id int PRIMARY KEY, text text); INSERT INTO note VALUES (1, 'old')");
		dump = { postgresql: "app", host: server.folder, port: server.port };
		place.declare({ state: { app: { dumps: [dump] } } });
	});
}

export const asService = (statements: string) => {
	const { code, stderr } = server.as("app", "app", statements);
	assert.equal(code, 0, stderr);
};
/** Everything on the server that does not belong to the service, as text. */
export const outside = () =>
	server.sql(
		"postgres",
		"SELECT * FROM pg_authid ORDER BY oid; SELECT * FROM pg_auth_members; SELECT setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = 0; SELECT datname, datdba, datacl, datallowconn, datconnlimit FROM pg_database WHERE datname <> 'app' ORDER BY 1; SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'other'; SELECT spcname, spcacl FROM pg_tablespace;\n\\connect other\nSELECT * FROM t; SELECT count(*) FROM pg_class",
	);
export const unchanged = async <T>(work: () => Promise<T>): Promise<T> => {
	const was = outside();
	const done = await work();
	assert.ok(!existsSync(planted), "a program of the attacker's was run, or a file written");
	assert.equal(outside(), was);
	return done;
};
export const holdfast = async (expected: number, ...words: string[]) => {
	const { code, stdout, stderr } = await unchanged(() => place.holdfast(...words));
	assert.equal(code, expected, stdout + stderr);
	return stderr;
};
export const restored = (expected: number) => holdfast(expected, "restore", "--yes", "tar", "latest");
export const backedUp = () => holdfast(0, "create");

export const dumpOf = (statement: string, setup = "") => {
	server.sql("postgres", "DROP DATABASE IF EXISTS forge");
	server.sql("postgres", "CREATE DATABASE forge OWNER app TEMPLATE template0");
	server.sql("forge", `${setup}; SET ROLE app; CREATE TABLE note (id int); INSERT INTO note VALUES (7)`);
	server.sql("forge", `CREATE INDEX place ON note ((id || '${"x".repeat(600)}'))`);
	const file = place.path("forged.dump");
	const { status, stdout, stderr } = spawnSync(
		"setpriv",
		[
			...["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "pg_dump", "--format=custom"],
			...["--compress=0", `--host=${server.folder}`, `--port=${server.port}`, "forge"],
		],
		{ maxBuffer: 10_000_000 },
	);
	assert.equal(status, 0, String(stderr));
	writeFileSync(file, stdout);
	const content = readFileSync(file);
	const from = content.indexOf("CREATE INDEX place");
	const to = content.indexOf(";\n", from) + 1;
	content.write(`${statement};`.padEnd(to - from, " "), from);
	return content;
};
export const forge = (content: Buffer, more: object = {}) =>
	void forgeArchive(place.path("archives"), "app", [{ dump, content, facts: FACTS, ...more }]);
export const asBefore = () => assert.equal(server.sql("app", "SELECT id, text FROM note"), "1|old");

export async function until(isSo: () => boolean): Promise<void> {
	for (let left = 150; !isSo(); left--) {
		assert.ok(left > 0, "it does not come to that");
		await pause(100);
	}
}
