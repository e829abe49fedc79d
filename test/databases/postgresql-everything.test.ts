// PostgreSQL: everything in a database is restored unchanged, although none of it is loaded as a superuser; and how
// the role that loads it logs in.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, beforeEach, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("postgresql-everything");

describe("a PostgreSQL database with one of each kind of thing", { skip: noServers }, () => {
	let server: TestServer;
	let place: Place;
	before(async () => {
		server = await postgresqlServer();
		server.sql(
			"postgres",
			`CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE ROLE reader; CREATE ROLE granter; CREATE ROLE "we""ird; role"`,
		);
		server.sql("postgres", "CREATE DATABASE app OWNER app TEMPLATE template0");
		server.sql("app", readFileSync(join(import.meta.dirname, "everything.sql"), "utf8"));
	});
	beforeEach(() => {
		place = new Place(folder);
		place.declare({
			state: { app: { dumps: [{ postgresql: "app", host: server.folder, port: server.port }] } },
		});
	});

	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, expected, stdout + stderr);
		return stderr;
	};
	/** As pg_dump writes it, with owners and rights; and the properties that are in no dump. */
	const content = () => {
		const { status, stdout, stderr } = spawnSync(
			"setpriv",
			[
				...["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "pg_dump"],
				...[`--host=${server.folder}`, `--port=${server.port}`, "app"],
			],
			{ encoding: "utf8", maxBuffer: 10_000_000 },
		);
		assert.equal(status, 0, stderr);
		const around = server.sql(
			"postgres",
			"SELECT datname, pg_get_userbyid(datdba), (SELECT array_agg(one ORDER BY one) FROM unnest(datacl::text[]) AS one), datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1; SELECT setrole::regrole, setconfig FROM pg_db_role_setting ORDER BY 1; SELECT rolname FROM pg_roles ORDER BY 1; SELECT spcname, spcacl FROM pg_tablespace ORDER BY 1",
		);
		return `${stdout.replace(/^\\(un)?restrict .*$/gm, "")}\n${around}`;
	};

	test("comes back as it was", async () => {
		const old = content();
		await holdfast(0, "create");
		server.sql(
			"app",
			"DROP TABLE of_superuser; INSERT INTO part VALUES (3, 'newer'); ALTER FUNCTION as_superuser() OWNER TO app",
		);
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(content(), old);
	});

	test("of an archive that this machine does not know: what needs a superuser is refused, and agreed to", async () => {
		const old = content();
		await holdfast(0, "create");
		spawnSync("rm", ["-r", place.path("state")]);
		const refused = await holdfast(1, "restore", "--yes", "tar", "latest");
		assert.match(
			refused,
			/contains objects that only a superuser can create\n(.*\n)+.*CAST - CAST \(public.base AS text\)(.*\n)*.*--trust-archive/,
		);
		assert.equal(content(), old);
		server.sql("app", "DROP TABLE of_superuser");
		await holdfast(0, "restore", "--yes", "--trust-archive", "tar", "latest");
		assert.equal(content(), old);
	});

	test("is loaded where only the system's own users are let in, as one of those without rights", async () => {
		const rules = join(server.folder, "data/pg_hba.conf");
		const before = readFileSync(rules, "utf8");
		const admit = (text: string) => {
			writeFileSync(rules, text);
			server.sql("postgres", "SELECT pg_reload_conf(), pg_sleep(0.3)");
		};
		const old = content();
		admit("local all all peer\n");
		await holdfast(0, "create");
		await holdfast(0, "restore", "--yes", "tar", "latest");
		assert.equal(content(), old);
		admit("local all postgres peer\n");
		const refused = await holdfast(1, "restore", "--yes", "tar", "latest");
		admit(before);
		assert.match(refused, /refuses connections from the temporary role/);
		assert.match(refused, /host all all 127.0.0.1\/32 scram-sha-256/);
		assert.equal(content(), old);
	});
});
