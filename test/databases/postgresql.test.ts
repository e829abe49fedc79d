// A state with a PostgreSQL database, on a real server: dumped with it, loaded beside the live one, swapped by rename.
// The live database is never gone, and other databases on the server never notice.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

const ODD = `we"ird'; DROP TABLE x; = ü\\`;

describe("a PostgreSQL database of a state", { skip: noMachines }, () => {
	let web01: Machine;

	before(async () => {
		web01 = await machine("web01", { units: ["postgresql.service"], disks: { "/small": "ext4" } });
		await web01.sh(`
			useradd --system app
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			runuser -u postgres -- createuser app
			runuser -u postgres -- createuser other
			runuser -u postgres -- createdb -O other other
		`);
		await web01.write(
			"/etc/systemd/system/app.service",
			"[Service]\nUser=app\nExecStart=/bin/sh -c 'while psql -qAtd app -c \"SELECT count(*) FROM note\" >/dev/null; do sleep 0.5; done'\n",
		);
	});

	beforeEach(async () => {
		await web01.sh(
			"systemctl stop app || true; rm -rf /mnt/archives /mnt/repo /srv/app /var/lib/holdfast; mkdir -p /srv/app; echo old >/srv/app/file",
		);
		for (const name of ["app", ODD]) {
			await sql("postgres", `DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
			await sql(
				"postgres",
				`CREATE DATABASE ${quoted(name)} OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
			);
			await sql(
				name,
				"CREATE TABLE note (id serial PRIMARY KEY, text text); ALTER TABLE note OWNER TO app; INSERT INTO note (text) SELECT 'old ' || n FROM generate_series(1, 1000) AS n",
			);
		}
		await web01.sh("systemctl start app");
	});

	const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
	const sql = async (database: string, statement: string) => {
		const { code, stdout, stderr } = await web01.run(
			[
				"runuser",
				"-u",
				"postgres",
				"--",
				"psql",
				"-XqAt",
				"-v",
				"ON_ERROR_STOP=1",
				"-d",
				`dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
			],
			{ input: statement, cwd: "/" },
		);
		assert.equal(code, 0, `${statement}\n${stderr}`);
		return stdout.trim();
	};
	const declare = (state: object = {}) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: {
							app: {
								folders: ["/srv/app"],
								dumps: [{ postgresql: "app" }, { postgresql: ODD }],
								stopOnRestore: ["app.service"],
								settle: 0,
								...state,
							},
						},
						providers: {
							tar: { destinations: { disk: { path: "/mnt/archives" } } },
							borgbackup: { destinations: { repo: { repo: "/mnt/repo", encryption: "none" } } },
						},
					},
				},
			}),
		);
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await web01.holdfast(...words);
		assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stderr;
	};
	const change = async () => {
		await web01.sh("echo newer >/srv/app/file");
		for (const name of ["app", ODD])
			await sql(name, "UPDATE note SET text = 'newer'; DELETE FROM note WHERE id > 500");
	};
	const facts = async () => [
		await web01.sh("cat /srv/app/file"),
		...(await Promise.all(
			["app", ODD].map((name) =>
				sql(
					name,
					"SELECT count(*), min(text), (SELECT tableowner FROM pg_tables WHERE tablename = 'note') FROM note",
				),
			),
		)),
		await sql(
			"postgres",
			"SELECT datname, pg_get_userbyid(datdba), datcollate, datallowconn FROM pg_database WHERE datname NOT LIKE 'template%' ORDER BY 1",
		),
		await web01.sh("systemctl is-active app; ls -A /srv; ls -A /var/lib/holdfast | grep -v journal || true"),
	];

	for (const provider of ["tar", "borgbackup"]) {
		test(`comes back with ${provider}: rows, owners and locale, while another database keeps its session`, async () => {
			await declare();
			await holdfast(0, "create", "--provider", provider);
			const old = await facts();
			await change();
			const session = web01.run(
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
			await holdfast(0, "restore", "--yes", provider, "latest");
			assert.deepEqual(await facts(), old);
			assert.match((await session).stdout, /the session lived/);
		});
	}

	test("comes back when it is gone, and when the role of its dump is there", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		const old = await facts();
		await web01.sh("systemctl stop app");
		await sql("postgres", "DROP DATABASE app");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		await web01.sh("systemctl start app");
		assert.deepEqual(await facts(), old);
	});

	test("a check that fails undoes the swap of folders and databases together", async () => {
		await declare({
			checks: [{ sql: "SELECT count(*) FROM note", database: "app", expect: "77", within: 0 }],
		});
		await holdfast(0, "create", "--provider", "tar");
		await change();
		const newer = await facts();
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /answered "1000", not "77"/);
		assert.deepEqual(await facts(), newer);
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
		const invocation = await web01.sh("systemctl show -p InvocationID app");
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /violates check constraint/);
		assert.deepEqual(await facts(), newer);
		assert.equal(await web01.sh("systemctl show -p InvocationID app"), invocation, "it was never stopped");
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
		assert.doesNotMatch((await web01.holdfast("list", "--json", "--provider", "tar")).stdout, /SCRAM|secret/);
		await web01.sh("systemctl stop app");
		await sql("postgres", `DROP DATABASE app; DROP ROLE ${quoted(role)}`);
		const fewerRoles = await roles();

		await declare({ checks: [{ command: ["false"], within: 0 }] });
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
		await web01.sh("mv /usr/share/postgresql/15/extension/hstore.control /root/");
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		await web01.sh("mv /root/hstore.control /usr/share/postgresql/15/extension/");
		assert.match(stderr, /needs the extension hstore/);
		assert.match(stderr, /nothing was touched/);
	});

	test("all databases of a server: those that come later too, without those that another state names", async () => {
		await declare({ dumps: [{ postgresql: "*", except: [ODD] }] });
		const dry = await web01.holdfast("create", "--dry-run", "--provider", "tar");
		assert.match(dry.stdout, /PostgreSQL databases/);
		await sql("postgres", "CREATE DATABASE later");
		await sql("later", "CREATE TABLE x AS SELECT 1 AS n");
		await holdfast(0, "create", "--provider", "tar");
		const { archives } = JSON.parse((await web01.holdfast("list", "--json")).stdout);
		const names = archives[0].metadata.states.app.dumps.map(
			({ dump }: { dump: { postgresql: string } }) => dump.postgresql,
		);
		assert.deepEqual(names.sort(), ["app", "later", "other"]);
		await sql("postgres", "DROP DATABASE later");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await sql("later", "SELECT n FROM x"), "1");
		await sql("postgres", "DROP DATABASE later");
	});

	test("a large dump is loaded by several sessions at once", async () => {
		await declare();
		await sql(
			"app",
			"CREATE TABLE big AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 100000) AS n; CREATE INDEX ON big (n); CREATE INDEX ON big (text)",
		);
		await holdfast(0, "create", "--provider", "borgbackup");
		await sql("app", "DELETE FROM big WHERE n > 5");
		const seen = sql(
			"other",
			`CREATE TEMP TABLE most AS SELECT 0 AS n;
			DO $$ BEGIN FOR i IN 1..3000 LOOP
				PERFORM pg_stat_clear_snapshot();
				UPDATE most SET n = greatest(n, (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore' AND datname LIKE 'holdfast%'));
				EXIT WHEN (SELECT n FROM most) > 1;
				PERFORM pg_sleep(0.02);
			END LOOP; END $$;
			SELECT n FROM most`,
		);
		await holdfast(0, "restore", "--yes", "borgbackup", "latest");
		assert.equal(await sql("app", "SELECT count(*), sum(n) FROM big"), "100000|5000050000");
		assert.ok(Number(await seen) > 1, "one session only");
		await sql("app", "DROP TABLE big");
	});

	test("another cluster on another port; its disk fills up while the dump is loaded: the live database serves on", async () => {
		await web01.sh(`
			chown postgres: /small
			pg_createcluster -d /small/data 15 small -p 5433 -o max_wal_size=32MB -o min_wal_size=32MB >/dev/null
			pg_ctlcluster 15 small start
			cd /; runuser -u postgres -- createdb -p 5433 little
		`);
		const little = (statement: string) =>
			web01.sh("cd /; runuser -u postgres -- psql -XqAt -p 5433 -d little", { input: statement });
		await little("CREATE TABLE t AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 80000) AS n");
		await declare({ dumps: [{ postgresql: "little", port: 5433 }], folders: ["/srv/app"] });
		await holdfast(0, "create", "--provider", "tar");
		await little("UPDATE t SET n = 0 WHERE n < 10");
		await web01.sh("fallocate -l $(( $(df --output=avail -B1 /small | tail -1) - 45000000 )) /small/ballast");
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /No space left on device/);
		assert.equal(await little("SELECT count(*), min(n) FROM t"), "80000|0");
		assert.equal(await little("SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'"), "0");
		await web01.sh("rm /small/ballast");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await little("SELECT count(*), min(n) FROM t"), "80000|1");

		// The same by a service file, which tells where the server is.
		await web01.sh(
			"printf '[little]\\nport=5433\\n' >~postgres/.pg_service.conf; chown postgres: ~postgres/.pg_service.conf",
		);
		await declare({ dumps: [{ postgresql: "little", pgService: "little" }], folders: ["/srv/app"] });
		await holdfast(0, "create", "--provider", "tar");
		await little("DELETE FROM t");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await little("SELECT count(*) FROM t"), "80000");
		await web01.sh("pg_dropcluster --stop 15 small");
	});

	test("a dump of a newer server is refused before anything is touched", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await web01.sh(
			'rm /var/lib/holdfast/journal.sqlite*; sed -i \'s/"version":15/"version":99/g\' /mnt/archives/*/index.json',
		);
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /was dumped by version 99, and the server here is 15/);
		assert.match(stderr, /nothing was touched/);
	});

	test("dumps of several states, for several destinations: made side by side, one that fails alone", async () => {
		await declare();
		const config = JSON.parse(await web01.sh("cat /etc/holdfast/holdfast.json"));
		config.machines.web01.state = {
			app: { dumps: [{ postgresql: "app" }] },
			odd: { dumps: [{ postgresql: ODD }] },
			other: { dumps: [{ postgresql: "other" }] },
			absent: { dumps: [{ postgresql: "absent" }] },
		};
		await web01.write("/etc/holdfast/holdfast.json", JSON.stringify(config));
		const { code, stdout } = await web01.holdfast("create", "--json");
		assert.equal(code, 3);
		const events = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const at = (type: string, step: string) =>
			events.findIndex((event) => event.type === type && event.step === step);
		assert.ok(at("step-started", "dump:odd:0") < at("step-done", "dump:app:0"), "they overlap");
		const { archives } = JSON.parse((await web01.holdfast("list", "--json")).stdout);
		for (const { metadata } of archives) {
			const outcomes = Object.fromEntries(
				Object.entries(metadata.states as Record<string, { outcome: string }>).map(([name, { outcome }]) => [
					name,
					outcome,
				]),
			);
			assert.deepEqual(outcomes, { app: "good", odd: "good", other: "good", absent: "failed" });
		}
		assert.equal(archives.length, 2);
	});

	test("diff tells the rows that a restore would bring and take", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await change();
		await sql("app", "CREATE TABLE extra AS SELECT 1 AS n");
		const { code, stdout } = await web01.holdfast("diff", "tar", "latest");
		assert.equal(code, 0);
		assert.match(stdout, /PostgreSQL database app +public\.note +500 +1000/);
		assert.match(stdout, /PostgreSQL database app +public\.extra +1 +-/);
		assert.equal(await web01.sh("ls /var/lib/holdfast | grep scratch || true"), "");
	});

	test("--keep-old keeps the old databases too, and undo brings them back", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		const old = await facts();
		await change();
		const newer = await facts();
		const run =
			/run (\S+) in/.exec(await holdfast(0, "restore", "--yes", "--keep-old", "7d", "tar", "latest"))?.[1] ??
			"";
		assert.deepEqual((await facts()).slice(0, 3), old.slice(0, 3));
		await holdfast(0, "undo", "--yes", run);
		assert.deepEqual(await facts(), newer);
	});

	test("a server that does not answer is found before anything is touched; a backup leaves only that state out", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await change();
		await web01.sh("systemctl stop app; systemctl stop postgresql@15-main");
		const restored = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(restored, /could not ask PostgreSQL for its version/);
		assert.equal(await web01.sh("cat /srv/app/file"), "newer");
		const created = await holdfast(1, "create", "--provider", "tar");
		assert.match(created, /could not look at the database app/);
		await web01.sh(
			"systemctl start postgresql@15-main; until runuser -u postgres -- pg_isready -q; do sleep 0.2; done",
		);
	});
});
