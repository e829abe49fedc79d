// Attacks on PostgreSQL's superuser through what a service stores in its own database: no program is run, no role
// gets more rights, and no other database is touched, nor by a genuine archive of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { noServers } from "../support/servers.ts";
import {
	asService,
	attacked,
	backedUp,
	holdfast,
	place,
	planted,
	restored,
	server,
	unchanged,
	until,
} from "./attacked-postgresql.ts";

describe("a service with rights on its own database of PostgreSQL alone", { skip: noServers }, () => {
	attacked();

	/** Runs with the rights of its caller: takes what it can. */
	const taking = (name: string, result = "bool") =>
		`CREATE FUNCTION public.${name} RETURNS ${result} LANGUAGE plpgsql AS $$ BEGIN IF pg_catalog.current_setting('is_superuser') = 'on' THEN ALTER ROLE app SUPERUSER; END IF; RETURN ${result === "bool" ? "true" : "NULL"}; END $$;`;

	test("has a table with rows of a foreign server's, which is this one", async () => {
		server.sql(
			"app",
			"CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO app",
		);
		asService(
			`${taking("take()")} CREATE VIEW evil AS SELECT 1 AS a WHERE public.take(); CREATE TABLE p (a int);
			CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${server.folder}', port '${server.port}', dbname 'app');
			CREATE USER MAPPING FOR PUBLIC SERVER loop OPTIONS (user 'postgres');
			CREATE FOREIGN TABLE c () INHERITS (p) SERVER loop OPTIONS (schema_name 'public', table_name 'evil')`,
		);
		await backedUp();
		const { code: ended, stdout } = await unchanged(() => place.holdfast("diff", "tar", "latest"));
		assert.equal(ended, 0, stdout);
	});

	test("holds a table for ever, and a comparison is interrupted", async () => {
		await backedUp();
		const holding = spawn(
			"psql",
			[
				...["-X", "--host=127.0.0.1", `--port=${server.port}`, "--username=app", "app"],
				...["-c", "BEGIN; LOCK TABLE note; SELECT pg_sleep(600)"],
			],
			{ env: { ...process.env, PGPASSWORD: "pw" } },
		);
		const running = (query: string) =>
			server.sql(
				"postgres",
				`SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND state = 'active' AND query LIKE '%${query}%'`,
			) === "1";
		await until(() => running("pg_sleep"));
		try {
			const { child, ended } = place.start(["diff", "tar", "latest"]);
			await until(() => running("IN ACCESS SHARE MODE"));
			child.kill("SIGTERM");
			const end = await Promise.race([ended, pause(15_000, "late", { ref: false })]);
			child.kill("SIGKILL");
			assert.notEqual(end, "late");
			// Otherwise the server would continue without a client.
			await until(() => !running("IN ACCESS SHARE MODE"));
		} finally {
			holding.kill();
		}
	});

	test("has a constraint whose function runs while its rows are loaded", async () => {
		asService(
			`${taking("take()")} CREATE TABLE a (n int CHECK (public.take())); INSERT INTO a VALUES (1);
			CREATE DOMAIN d AS int CHECK (public.take()); CREATE TABLE b (n d); INSERT INTO b VALUES (1);
			CREATE FUNCTION public.gen(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.take(); RETURN 1; END $$;
			CREATE TABLE c (n int, g int GENERATED ALWAYS AS (public.gen(n)) STORED); INSERT INTO c VALUES (1);
			CREATE TABLE e (n int); INSERT INTO e VALUES (1); CREATE INDEX ON e (public.gen(n));
			CREATE MATERIALIZED VIEW m AS SELECT public.gen(1)`,
		);
		await backedUp();
		await restored(0);
		assert.equal(server.sql("app", "SELECT count(*) FROM a, b, c, e, m"), "1");
	});

	test("has a setting whose value ends the statement that gives it", async () => {
		const evil = `a;copy(select(1))to/**/program'touch\${IFS}${planted}'`;
		asService(
			`SELECT set_config('search_path', E'${evil.replaceAll("'", "\\'")}', false); ALTER DATABASE app SET search_path FROM CURRENT`,
		);
		await backedUp();
		await restored(0);
		assert.equal(
			server.sql(
				"postgres",
				"SELECT setconfig[1] FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'app'",
			),
			`search_path="${evil}"`,
			"the same list of one name",
		);
	});

	test("puts functions and tables of its own in the place of the server's", async () => {
		asService(
			`CREATE SCHEMA evil; ${taking("take()")}
			CREATE VIEW evil.pg_extension AS SELECT 'plpgsql'::name AS extname WHERE public.take();
			CREATE VIEW evil.pg_tables AS SELECT schemaname, tablename FROM pg_catalog.pg_tables WHERE public.take();
			CREATE FUNCTION evil.format(text, name, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.take(); RETURN 'public.note'; END $$;
			CREATE FUNCTION evil.unequal(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN public.take(); END $$;
			CREATE OPERATOR evil.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.unequal);
			ALTER DATABASE app SET search_path TO evil, public, pg_catalog`,
		);
		await backedUp();
		await holdfast(0, "diff", "tar", "latest");
		await restored(0);
	});

	test("has functions, triggers and owners spelled out in the text of a function", async () => {
		asService(
			`${taking("take()")} CREATE FUNCTION lines() RETURNS text LANGUAGE sql AS $$ SELECT '
ALTER FUNCTION public.take() OWNER TO postgres;
\\! touch ${planted}
GRANT pg_execute_server_program TO app;
' $$`,
		);
		await backedUp();
		await restored(0);
		assert.equal(
			server.sql("app", "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'take'"),
			"app",
		);
	});

	test("has an event trigger that always runs its function, and a subscription that must be dropped", async () => {
		const evil = (body: string) =>
			`CREATE OR REPLACE FUNCTION evil() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${body} EXCEPTION WHEN OTHERS THEN NULL; END $$`;
		asService(evil("NULL;"));
		server.sql(
			"app",
			"CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false); CREATE EVENT TRIGGER always ON ddl_command_start EXECUTE FUNCTION evil(); ALTER EVENT TRIGGER always ENABLE ALWAYS",
		);
		try {
			await backedUp();
			asService(evil("ALTER ROLE app SUPERUSER;"));
			await restored(0);
			assert.equal(server.sql("postgres", "SELECT rolsuper FROM pg_roles WHERE rolname = 'app'"), "f");
		} finally {
			server.sql(
				"app",
				"ALTER EVENT TRIGGER always DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub",
			);
		}
	});

	test("has administrators and, through them, other services among the members of its role [long]", async () => {
		server.sql(
			"postgres",
			"CREATE ROLE dba SUPERUSER LOGIN PASSWORD 'x'; CREATE ROLE badmin CREATEROLE LOGIN PASSWORD 'x'; CREATE ROLE team; CREATE ROLE plain LOGIN; GRANT app TO dba; GRANT app, other TO badmin; GRANT app, team TO plain",
		);
		const drop = "DROP ROLE IF EXISTS dba, badmin, plain, team";
		try {
			await backedUp();
			server.sql("postgres", drop);
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 0, stderr);
			assert.match(stderr, /created the accounts plain and team, which did not exist/);
			assert.equal(
				server.sql(
					"postgres",
					"SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'",
				),
				"app other plain postgres team",
			);
		} finally {
			server.sql("postgres", drop);
		}
	});
});
