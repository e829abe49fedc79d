// PostgreSQL databases of a state, on a real server: what a dump needs in addition, and what happens when it is
// missing. The live database always exists, and other databases on the server are not affected.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { application, quoted } from "./postgresql.ts";

describe("PostgreSQL databases of a state", { skip: noMachines }, () => {
	const { web01, sql, declare, holdfast, change, facts } = application();

	test("two come back together with a folder, while another database keeps its session", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "borgbackup");
		const old = await facts();
		await change();
		const session = web01().run(
			[
				"runuser",
				"-u",
				"postgres",
				"--",
				"psql",
				"-XqAt",
				"-d",
				"other",
				"-c",
				"SELECT pg_sleep(6), 'the session lived'",
			],
			{ cwd: "/" },
		);
		await holdfast(0, "restore", "--yes", "borgbackup", "latest");
		assert.deepEqual(await facts(), old);
		assert.match((await session).stdout, /the session lived/);
	});

	test("a check that fails undoes the swap of folders and databases together", async () => {
		await declare({
			healthChecks: [{ sql: "SELECT count(*) FROM note", database: "app", expect: "77", within: 0 }],
		});
		await holdfast(0, "create", "--provider", "tar");
		await change();
		const newer = await facts();
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /answered "1000", not "77"/);
		assert.deepEqual(await facts(), newer);
	});

	test("a check asks with the right to read the database, and no other", async () => {
		const check = { sql: "SELECT count(*) FROM note", database: "app", expect: "1000", within: 0 };
		await declare({ healthChecks: [check] });
		await sql("postgres", "REVOKE CONNECT ON DATABASE app FROM PUBLIC; GRANT CONNECT ON DATABASE app TO app");
		// The owner replaces the table with something that would use a superuser's rights.
		await sql(
			"app",
			`SET ROLE app; ALTER TABLE note RENAME TO kept; CREATE VIEW note AS SELECT * FROM kept;
			CREATE TABLE loot (who text, what text); GRANT ALL ON loot TO public;
			CREATE FUNCTION take() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
				SET ROLE NONE;
				IF current_setting('is_superuser') = 'on' THEN ALTER ROLE app SUPERUSER; END IF;
				BEGIN INSERT INTO public.loot SELECT rolname, rolpassword FROM pg_authid;
				EXCEPTION WHEN OTHERS THEN INSERT INTO public.loot VALUES (session_user, sqlerrm); END;
				CREATE TABLE IF NOT EXISTS public.stays (n int);
				RETURN true; END $$;
			ALTER TABLE kept ENABLE ROW LEVEL SECURITY; CREATE OR REPLACE VIEW note AS SELECT * FROM kept WHERE public.take();
			ALTER DATABASE app SET role = app;
			ALTER DATABASE app SET search_path TO public, pg_catalog; CREATE FUNCTION count(int) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'`,
		);
		await holdfast(0, "create", "--provider", "tar");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		const roles = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1";
		assert.equal(await sql("postgres", roles), "app|f\nother|f\npostgres|t");
		const loot = await sql(
			"app",
			"RESET ROLE; SELECT DISTINCT regexp_replace(who, '[0-9a-f]{16}', '…') || ' ' || what FROM loot WHERE who <> 'app'",
		);
		assert.equal(loot, "holdfast_… permission denied for table pg_authid");
		assert.equal(
			await sql("postgres", "SELECT datacl FROM pg_database WHERE datname = 'app'"),
			"{app=CTc/app,=T/app}",
		);
	});

	test("a dump that cannot be loaded leaves the live database and its service alone", async () => {
		await declare();
		// Rows of `first` need those of `second`, which is loaded after it.
		await sql(
			"app",
			"CREATE TABLE second (n int); INSERT INTO second VALUES (1); CREATE FUNCTION has_rows() RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.second)'; CREATE TABLE first (n int CHECK (public.has_rows())); INSERT INTO first VALUES (1)",
		);
		await holdfast(0, "create", "--provider", "tar");
		await change();
		const newer = await facts();
		const invocation = await web01().sh("systemctl show -p InvocationID app");
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /violates check constraint/);
		assert.deepEqual(await facts(), newer);
		assert.equal(await web01().sh("systemctl show -p InvocationID app"), invocation, "it was never stopped");
		await sql("app", "DROP TABLE first; DROP TABLE second; DROP FUNCTION has_rows()");
	});

	test("roles that a database needs are made where they are missing, and go again with a restore that is undone", async () => {
		const role = 'we"ird role';
		const roles = () =>
			sql(
				"postgres",
				"SELECT rolname, rolcanlogin, rolconnlimit, rolpassword, rolname <> 'other' AND pg_has_role(rolname, 'other', 'member') FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1",
			);
		await declare();
		await sql(
			"postgres",
			`CREATE ROLE ${quoted(role)} LOGIN CONNECTION LIMIT 7 PASSWORD 'secret'; GRANT other TO ${quoted(role)}`,
		);
		await sql("app", `GRANT SELECT ON note TO ${quoted(role)}`);
		await sql(
			"postgres",
			`GRANT CREATE ON DATABASE app TO ${quoted(role)}; ALTER DATABASE app SET search_path TO public, "odd schema"; ALTER ROLE ${quoted(role)} IN DATABASE app SET work_mem TO '77MB'; ALTER DATABASE app CONNECTION LIMIT 33`,
		);
		const properties = () =>
			sql(
				"postgres",
				"SELECT (SELECT array_agg(one ORDER BY one) FROM unnest(datacl::text[]) AS one), datconnlimit, (SELECT array_agg(s ORDER BY setrole) FROM (SELECT setrole <> 0 AS setrole, setconfig AS s FROM pg_db_role_setting WHERE setdatabase = d.oid) AS t) FROM pg_database d WHERE datname = 'app'",
			);
		const [oldRoles, oldProperties] = [await roles(), await properties()];
		await holdfast(0, "create", "--provider", "tar");
		assert.doesNotMatch(
			(await web01().holdfast("list", "--json", "--provider", "tar")).stdout,
			/SCRAM|secret/,
		);
		await web01().sh("systemctl stop app");
		await sql("postgres", `DROP DATABASE app; DROP ROLE ${quoted(role)}`);
		const fewerRoles = await roles();

		await declare({ healthChecks: [{ command: ["false"], within: 0 }] });
		await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.equal(await roles(), fewerRoles);

		await declare();
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await roles(), oldRoles);
		assert.equal(await properties(), oldProperties);
		await sql("postgres", `DROP DATABASE app; DROP ROLE ${quoted(role)}`);
	});

	test("an extension that this server lacks is found before anything is touched", async () => {
		await declare();
		await sql("app", "CREATE EXTENSION hstore");
		await holdfast(0, "create", "--provider", "tar");
		await web01().sh("mv /usr/share/postgresql/15/extension/hstore.control /root/");
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		await web01().sh("mv /root/hstore.control /usr/share/postgresql/15/extension/");
		assert.match(stderr, /needs the extension hstore/);
		assert.match(stderr, /nothing was changed/);
	});

	test("a dump of a newer server is refused before anything is touched", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await web01().sh(
			'rm /var/lib/holdfast/journal.sqlite*; sed -i \'s/"version":15/"version":99/g\' /mnt/archives/*/index.json',
		);
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /was dumped by version 99, but this server is version 15/);
		assert.match(stderr, /nothing was changed/);
	});

	test("a server that does not answer is found before anything is touched; a backup leaves only that state out", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await change();
		await web01().sh("systemctl stop app; systemctl stop postgresql@15-main");
		const restored = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(restored, /could not ask PostgreSQL for its version/);
		assert.equal(await web01().sh("cat /srv/app/file"), "newer");
		const created = await holdfast(1, "create", "--provider", "tar");
		assert.match(created, /could not read the properties of the database app/);
		await web01().sh(
			"systemctl start postgresql@15-main; until runuser -u postgres -- pg_isready -q; do sleep 0.2; done",
		);
	});
});
