// PostgreSQL: functions that find their tables only by the search path. pg_restore has none, so they fail while indexes are
// made: the dump is loaded once more, and for that time they have one.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("postgresql-search-path");
const AGAIN = /loading once more, with the search path of its database/;

describe("functions that need the search path", { skip: noServers }, () => {
	let server: TestServer;
	let place: Place;
	before(async () => {
		server = await postgresqlServer();
		server.sql("postgres", "CREATE ROLE app LOGIN");
	});
	beforeEach(() => {
		place = new Place(folder);
		place.declare({
			state: { app: { dumps: [{ postgresql: "app", host: server.folder, port: server.port }] } },
		});
		server.sql("postgres", "DROP DATABASE IF EXISTS app WITH (FORCE)");
		server.sql("postgres", "CREATE DATABASE app OWNER app TEMPLATE template0");
		server.sql(
			"app",
			'CREATE SCHEMA app AUTHORIZATION app; CREATE SCHEMA tools; ALTER DATABASE app SET search_path TO tools, "$user", public',
		);
	});
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, expected, stdout + stderr);
		return stdout + stderr;
	};
	const restored = async (expected = 0) => {
		await holdfast(0, "create");
		return holdfast(expected, "restore", "--yes", "--json", "tar", "latest");
	};
	/** Each function's own settings. */
	const settings = () =>
		server.sql("app", "SELECT proname, proconfig FROM pg_proc WHERE oid >= 16384 ORDER BY 1");

	test("get it for the second load, and lose it again", async () => {
		server.sql(
			"app",
			`CREATE TABLE tools.rate (n int); INSERT INTO tools.rate VALUES (3); CREATE TABLE app.own (n int); INSERT INTO app.own VALUES (5);
			CREATE FUNCTION tools.rated(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * n FROM rate';
			CREATE FUNCTION public.owned(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT rated(a) + n FROM own); END $$;
			CREATE FUNCTION public.fixed() RETURNS int LANGUAGE sql SET search_path TO tools SET work_mem TO '5MB' AS 'SELECT n FROM rate';
			CREATE FUNCTION public.kept() RETURNS int LANGUAGE sql SET work_mem TO '7MB' AS 'SELECT 1';
			CREATE FUNCTION public.powerful() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
			CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');`,
		);
		server.sql(
			"app",
			"SET search_path TO tools, app, public; CREATE TABLE public.priced (a int); INSERT INTO priced VALUES (2); CREATE INDEX priced_owned ON priced (owned(a)); ALTER TABLE tools.rate OWNER TO app; ALTER TABLE app.own OWNER TO app; GRANT USAGE ON SCHEMA tools TO app",
		);
		const was = settings();
		assert.match(await restored(), AGAIN);
		assert.equal(settings(), was);
		assert.match(was, /^owned\|$/m);
		assert.equal(
			server.sql(
				"app",
				"SET enable_seqscan TO off; SET search_path TO tools, app, public; SELECT a FROM priced WHERE owned(a) = 11",
			),
			"2",
		);
		assert.equal(
			server.sql(
				"postgres",
				"SELECT datname FROM pg_database WHERE datname ~ 'holdfast'; SELECT rolname FROM pg_roles WHERE rolname ~ 'holdfast'",
			),
			"",
		);
	});

	test("a database without them is loaded once", async () => {
		server.sql(
			"app",
			"CREATE TABLE t (a int); CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a'; CREATE INDEX ON t (f(a))",
		);
		assert.doesNotMatch(await restored(), AGAIN);
	});

	test("what the path does not help fails, and nothing is left", async () => {
		server.sql(
			"app",
			"CREATE TABLE rate (n int); INSERT INTO rate VALUES (1); CREATE FUNCTION rated(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * n FROM rate'; CREATE TABLE priced (a int); INSERT INTO priced VALUES (2); CREATE INDEX ON priced (rated(a)); ALTER TABLE rate RENAME TO rates; CREATE TABLE live (a int)",
		);
		const said = await restored(1);
		assert.match(said, AGAIN);
		assert.match(said, /relation \\?"rate\\?" does not exist/);
		assert.equal(
			server.sql(
				"postgres",
				"SELECT datname FROM pg_database WHERE datname ~ 'holdfast'; SELECT rolname FROM pg_roles WHERE rolname ~ 'holdfast'",
			),
			"",
		);
		assert.equal(server.sql("app", "SELECT count(*) FROM rates"), "1");
	});
});
