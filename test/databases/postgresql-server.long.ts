// An entire PostgreSQL server: all of its databases, large ones, other clusters, many dumps at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { application, ODD } from "./postgresql.ts";

describe("a PostgreSQL server", { skip: noMachines }, () => {
	const { web01, sql, declare, holdfast } = application({ "/small": "ext4" });

	test("all databases of a server: those that come later too, without those that another state names", async () => {
		await declare({ dumps: [{ postgresql: "*", except: [ODD] }] });
		const dry = await web01().holdfast("create", "--dry-run", "--provider", "tar");
		assert.match(dry.stdout, /PostgreSQL databases/);
		await sql("postgres", "CREATE DATABASE later");
		await sql("later", "CREATE TABLE x AS SELECT 1 AS n");
		await holdfast(0, "create", "--provider", "tar");
		const { archives } = JSON.parse((await web01().holdfast("list", "--json")).stdout);
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

	test("one that goes down after the commit: all else is tidied up, and its old database by the next run", async () => {
		await declare();
		await holdfast(0, "create", "--provider", "tar");
		await sql("app", "CREATE TABLE newer (n int)");
		const words = ["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"];
		const { code, stderr } = await web01().run(words, {
			env: { HOLDFAST_FAULT: "run@commit:app#after", HOLDFAST_FAULT_COMMAND: "systemctl stop postgresql" },
		});
		assert.equal(code, 3, stderr);
		assert.match(stderr, /drop the old PostgreSQL database app: could not /);
		assert.equal(await web01().sh("ls -Ad /srv/.holdfast* 2>/dev/null || true"), "");
		await web01().sh(
			"systemctl start postgresql; until runuser -u postgres -- pg_isready -q; do sleep 0.1; done",
		);
		const left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'";
		assert.notEqual(await sql("app", left), "0");
		await holdfast(0, "create", "--provider", "tar");
		assert.equal(await sql("app", left), "0");
	});

	test("another cluster on another port; its disk fills up while the dump is loaded: the live database serves on", async () => {
		await web01().sh(`
			chown postgres: /small
			# Its log lies elsewhere: a server that cannot write its log ends itself.
			pg_createcluster -d /small/data 15 small -p 5433 -o max_wal_size=32MB -o min_wal_size=32MB -- --waldir=/var/lib/postgresql/15/small-wal >/dev/null
			pg_ctlcluster 15 small start
			cd /; runuser -u postgres -- createdb -p 5433 little
		`);
		const little = (statement: string) =>
			web01().sh("cd /; runuser -u postgres -- psql -XqAt -p 5433 -d little", { input: statement });
		await little("CREATE TABLE t AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 80000) AS n");
		await declare({ dumps: [{ postgresql: "little", port: 5433 }], folders: ["/srv/app"] });
		await holdfast(0, "create", "--provider", "tar");
		await little("UPDATE t SET n = 0 WHERE n < 10");
		await web01().sh(
			"fallocate -l $(( $(df --output=avail -B1 /small | tail -1) - 30000000 )) /small/ballast",
		);
		const stderr = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /No space left on device/);
		assert.equal(await little("SELECT count(*), min(n) FROM t"), "80000|0");
		assert.equal(await little("SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast%'"), "0");
		await web01().sh("rm /small/ballast");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await little("SELECT count(*), min(n) FROM t"), "80000|1");

		// The same with a service file that says where the server is.
		await web01().sh(
			"printf '[little]\\nport=5433\\n' >~postgres/.pg_service.conf; chown postgres: ~postgres/.pg_service.conf",
		);
		await declare({ dumps: [{ postgresql: "little", pgService: "little" }], folders: ["/srv/app"] });
		await holdfast(0, "create", "--provider", "tar");
		await little("DELETE FROM t");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(await little("SELECT count(*) FROM t"), "80000");
		await web01().sh("pg_dropcluster --stop 15 small");
	});

	test("dumps of several states, for several destinations: made side by side, one that fails alone", async () => {
		await declare();
		const config = JSON.parse(await web01().sh("cat /etc/holdfast/holdfast.json"));
		config.machines.web01.state = {
			app: { dumps: [{ postgresql: "app" }] },
			odd: { dumps: [{ postgresql: ODD }] },
			other: { dumps: [{ postgresql: "other" }] },
			absent: { dumps: [{ postgresql: "absent" }] },
		};
		await web01().write("/etc/holdfast/holdfast.json", JSON.stringify(config));
		const { code, stdout } = await web01().holdfast("create", "--json");
		assert.equal(code, 3);
		const events = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const at = (type: string, step: string) =>
			events.findIndex((event) => event.type === type && event.step === step);
		assert.ok(at("step-started", "dump:odd:0") < at("step-done", "dump:app:0"), "they overlap");
		const { archives } = JSON.parse((await web01().holdfast("list", "--json")).stdout);
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
});
