// What PostgreSQL cannot be given back costs itself, and is said: roles that a server does not take, notes that could not be gathered.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer, type TestServer } from "../support/servers.ts";
import { leftOutOf, saidBy } from "./left-out.ts";

const folder = scratch("left-out-postgresql");
let place: Place;
const holdfast = (expected: number, ...words: string[]) => saidBy(place, expected, words);
const result = () => leftOutOf(place);

describe("PostgreSQL: what a restore leaves out", { skip: noServers }, () => {
	let server: TestServer;
	before(async () => {
		server = await postgresqlServer(
			"-c wal_level=logical -c max_prepared_transactions=2 -c allow_system_table_mods=on",
		);
		server.sql("postgres", "CREATE ROLE app LOGIN");
	});
	beforeEach(() => {
		place = new Place(folder);
		place.declare({
			state: { app: { dumps: [{ postgresql: "app", host: server.folder, port: server.port }] } },
		});
		server.sql("postgres", "DROP DATABASE IF EXISTS app WITH (FORCE)");
		server.sql("postgres", "CREATE DATABASE app OWNER app TEMPLATE template0");
		server.sql("app", "CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t OWNER TO app");
	});

	test("a role that this server does not take costs itself only", async () => {
		server.sql(
			"app",
			`CREATE ROLE aa LOGIN PASSWORD 'secret'; CREATE ROLE bb LOGIN; CREATE ROLE cc; GRANT cc TO bb; GRANT aa TO bb; COMMENT ON ROLE bb IS 'b';
			CREATE TABLE of_aa (a int); ALTER TABLE of_aa OWNER TO aa; GRANT SELECT ON t TO aa, bb; GRANT SELECT ON of_aa TO bb; ALTER DEFAULT PRIVILEGES FOR ROLE aa GRANT SELECT ON TABLES TO bb; ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO aa; GRANT CONNECT ON DATABASE app TO aa, bb; ALTER ROLE aa IN DATABASE app SET work_mem TO '7MB'`,
		);
		// A later version may not know a setting, or reserve a name.
		server.sql(
			"postgres",
			"UPDATE pg_authid SET rolname = 'public' WHERE rolname = 'aa'; INSERT INTO pg_db_role_setting VALUES (0, 'bb'::regrole, '{no_such_parameter=hidden}')",
		);
		const hash = server.sql("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'public'");
		await holdfast(0, "create");
		server.sql("postgres", "UPDATE pg_authid SET rolname = 'aa' WHERE rolname = 'public'");
		server.sql(
			"postgres",
			"DROP DATABASE app; DELETE FROM pg_db_role_setting WHERE setrole = 'bb'::regrole; DROP ROLE aa, bb, cc",
		);
		const said = await result();
		assert.match(said, /the role public could not be created: .*ERROR: +role name "public" is reserved/);
		assert.match(
			said,
			/the role bb was created without a part of it \(ALTER ROLE "bb" SET "no_such_parameter"\): .*unrecognized configuration parameter "no_such_parameter"/,
		);
		assert.match(
			said,
			/this server has no role public: its privileges in app are left out, and what belonged to it belongs to app/,
		);
		assert.match(said, /created the accounts bb and cc/);
		assert.ok(!said.includes(hash) && !said.includes("hidden"));
		assert.equal(
			server.sql("app", "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'of_aa'"),
			"app",
		);
		assert.equal(
			server.sql(
				"app",
				"SELECT has_table_privilege('bb', 't', 'SELECT'), has_table_privilege('bb', 'of_aa', 'SELECT'), pg_has_role('bb', 'cc', 'MEMBER'), shobj_description('bb'::regrole, 'pg_authid')",
			),
			"t|t|t|b",
		);
	});

	test("a policy or user mapping that names such a role costs that role only", async () => {
		server.sql(
			"app",
			`CREATE ROLE "A a"; CREATE ROLE ee; ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO ee;
			CREATE POLICY alone ON t TO "A a" USING (true); COMMENT ON POLICY alone ON t IS 'gone';
			CREATE POLICY "bo th" ON t AS RESTRICTIVE FOR SELECT TO "A a", ee USING (a::text <> ';
CREATE'); COMMENT ON POLICY "bo th" ON t IS 'kept'; CREATE POLICY everybody ON t USING (a > 0);
			CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR "A a" SERVER s OPTIONS (u '1'); CREATE USER MAPPING FOR ee SERVER s; CREATE USER MAPPING FOR public SERVER s`,
		);
		// As above: a role of a name that this server reserves.
		server.sql("postgres", "UPDATE pg_authid SET rolname = 'pg_A a' WHERE rolname = 'A a'");
		await holdfast(0, "create");
		server.sql("postgres", "UPDATE pg_authid SET rolname = 'A a' WHERE rolname = 'pg_A a'");
		server.sql("postgres", 'DROP DATABASE app; DROP ROLE "A a"');
		assert.match(
			await result(),
			/this server has no role pg_A a: the policies and user mappings of app that are for it alone are left out/,
		);
		assert.equal(
			server.sql(
				"app",
				"SELECT polname, polpermissive, polroles::regrole[], obj_description(oid, 'pg_policy'), pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 1; SELECT usename FROM pg_user_mappings ORDER BY 1",
			),
			`bo th|f|{ee}|kept|((a)::text <> ';\nCREATE'::text)\neverybody|t|{-}||(a > 0)\nee\npublic`,
		);
		server.sql("postgres", "DROP DATABASE app; DROP ROLE ee");
	});

	test("a superuser is given nothing of a role that this server does not take", async () => {
		server.sql(
			"app",
			"CREATE ROLE low; CREATE TABLE of_low (a int); ALTER TABLE of_low OWNER TO low; ALTER TABLE t OWNER TO postgres; CREATE TABLE u (a int)",
		);
		server.sql("postgres", "UPDATE pg_authid SET rolname = 'public' WHERE rolname = 'low'");
		await holdfast(0, "create");
		server.sql("postgres", "UPDATE pg_authid SET rolname = 'low' WHERE rolname = 'public'");
		assert.match(
			await holdfast(1, "restore", "--yes", "tar", "latest"),
			/this server has no role public, and what belonged to it in app would belong to postgres/,
		);
		assert.equal(
			server.sql("app", "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'of_low'"),
			"low",
		);
		assert.equal(server.sql("postgres", "SELECT datname FROM pg_database WHERE datname ~ 'holdfast'"), "");
		server.sql("postgres", "DROP DATABASE app; DROP ROLE low");
	});

	test("what is not in a dump is said: slots, subscriptions, prepared transactions", async () => {
		server.sql("app", "SELECT pg_create_logical_replication_slot('of_app', 'pgoutput')");
		server.sql(
			"postgres",
			"SELECT pg_create_logical_replication_slot('of_other', 'pgoutput'); SELECT pg_create_physical_replication_slot('of_server')",
		);
		server.sql(
			"app",
			"CREATE SUBSCRIPTION reads CONNECTION 'host=/nonexistent dbname=x' PUBLICATION p WITH (connect = false, slot_name = 'elsewhere'); ALTER SUBSCRIPTION reads ENABLE; CREATE SUBSCRIPTION rests CONNECTION 'host=/nonexistent dbname=x' PUBLICATION p WITH (connect = false, slot_name = 'other')",
		);
		server.sql("app", "BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'half'");
		const said = await holdfast(0, "create");
		assert.match(
			said,
			/PostgreSQL database app: the replication slot of_app is not in the dump, and is dropped with the database/,
		);
		assert.match(
			said,
			/the subscription reads comes back disabled; after a restore: ALTER SUBSCRIPTION reads ENABLE/,
		);
		assert.match(said, /the prepared transaction 'half' is not in the dump/);
		assert.doesNotMatch(said, /of_other|of_server|rests/);
		server.sql("app", "ROLLBACK PREPARED 'half'");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(
			server.sql("app", "SELECT subname, subenabled FROM pg_subscription ORDER BY 1"),
			"reads|f\nrests|f",
		);
		assert.equal(
			server.sql("app", "SELECT slot_name FROM pg_replication_slots ORDER BY 1"),
			"of_other\nof_server",
		);
		server.sql(
			"app",
			"ALTER SUBSCRIPTION reads SET (slot_name = NONE); DROP SUBSCRIPTION reads; ALTER SUBSCRIPTION rests SET (slot_name = NONE); DROP SUBSCRIPTION rests",
		);
	});

	test("notes that cannot be gathered do not cost the backup, and the archive says so", async () => {
		server.sql("app", "ALTER VIEW pg_catalog.pg_replication_slots RENAME TO away");
		assert.match(
			await holdfast(0, "create"),
			/what a restore of the PostgreSQL database app would leave out could not be found out: .*pg_replication_slots/,
		);
		assert.match(
			await holdfast(0, "restore", "--yes", "tar", "latest"),
			/it could not be found out what a restore leaves out/,
		);
	});
});
