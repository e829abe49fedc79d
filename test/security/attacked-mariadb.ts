// A MariaDB server with a service's application and another one, and the data that an attack must not change.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { before, beforeEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, type TestServer } from "../support/servers.ts";

const folder = scratch("mariadb-attacks");
export const FACTS = { version: 10, product: "MariaDB", charset: "utf8mb4", collation: "utf8mb4_general_ci" };
export const NOTE = "CREATE TABLE note (id INT PRIMARY KEY, text TEXT);\n";
export const OBJECTS = "-- Holdfast: views, triggers, routines and events\n";

// Importing modules see them change.
export let server: TestServer;
export let place: Place;
export let dump: { mariadb: string; socket: string; defaultsFile?: string };
/**
 * The trace of a successful attack: a file that only root can create, in a place where only root and the server can
 * write.
 */
export let planted: string;

/** Call it in a `describe`: each of its tests starts with both applications in their initial state. */
export function attacked(): void {
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
}

/** Use this option file to connect to the server. */
export function declareAs(defaultsFile: string): void {
	dump = { ...dump, defaultsFile };
	place.declare({ state: { app: { dumps: [dump] } } });
}

/** Everything on the server that does not belong to the service, as text. */
export const outside = () =>
	server.sql(
		"",
		"SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2; SELECT * FROM mysql.db ORDER BY 1, 2, 3; SELECT * FROM mysql.tables_priv ORDER BY 1, 2, 3; SELECT * FROM other.t; SHOW DATABASES; SELECT * FROM mysql.func; SELECT db, name, definer FROM mysql.proc WHERE db NOT IN ('app', 'sys', 'mysql'); SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN ('app', 'sys'); SHOW GLOBAL VARIABLES LIKE 'general_log%'",
	);
export const restored = async (expected: number, ...words: string[]) => {
	const was = outside();
	const { code, stdout, stderr } = await place.holdfast("restore", "--yes", ...words, "tar", "latest");
	assert.equal(outside(), was);
	assert.ok(!existsSync(planted), "a program of the attacker's was run, or a file written");
	assert.equal(code, expected, stdout + stderr);
	return stderr;
};
export const backedUp = async () => {
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 0, stderr);
};
export const forge = (content: string, more: object = {}) =>
	void forgeArchive(place.path("archives"), "app", [{ dump, content, facts: FACTS, ...more }]);
/** As an application sends it, without a client that interprets it. */
export const prepared = (statement: string) =>
	asService(
		`SET @s = CONVERT(0x${Buffer.from(statement).toString("hex")} USING utf8mb4); PREPARE s FROM @s; EXECUTE s`,
	);
export const asService = (statements: string) => {
	const { code, stderr } = server.as("app", "app", statements);
	assert.equal(code, 0, stderr);
};

/** A function that does what the calling user may do, and ignores what they may not. */
export const spy = () =>
	prepared(
		"CREATE FUNCTION f() RETURNS INT DETERMINISTIC SQL SECURITY INVOKER BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; INSERT INTO other.t VALUES (2); RETURN 1; END",
	);

export function literal(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

export async function until(isSo: () => boolean): Promise<void> {
	for (let left = 150; !isSo(); left--) {
		assert.ok(left > 0, "it does not come to that");
		await pause(100);
	}
}
