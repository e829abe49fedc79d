// Attacks on PostgreSQL's superuser by what a service keeps in its own database, and by what somebody wrote into an
// archive: no program is run, no role gets more rights, no other database is touched.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { before, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { forgeArchive } from "../support/forged.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("postgresql-attacks");
const FACTS = { version: 15, owner: "app", encoding: "UTF8", collate: "C", ctype: "C", extensions: [] };

describe("PostgreSQL", { skip: noServers }, () => {
	let server: TestServer;
	let place: Place;
	let dump: { postgresql: string; host: string; port: number };
	/** Where the server can write, and nobody else does. */
	let planted: string;
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

	const asService = (statements: string) => {
		const { code, stderr } = server.as("app", "app", statements);
		assert.equal(code, 0, stderr);
	};
	/** Everything of the server's that is not the service's, as a text. */
	const outside = () =>
		server.sql(
			"postgres",
			"SELECT * FROM pg_authid ORDER BY oid; SELECT * FROM pg_auth_members; SELECT setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = 0; SELECT datname, datdba, datacl, datallowconn, datconnlimit FROM pg_database WHERE datname <> 'app' ORDER BY 1; SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'other'; SELECT spcname, spcacl FROM pg_tablespace;\n\\connect other\nSELECT * FROM t; SELECT count(*) FROM pg_class",
		);
	const unchanged = async <T>(work: () => Promise<T>): Promise<T> => {
		const was = outside();
		const done = await work();
		assert.ok(!existsSync(planted), "a program of the attacker's was run, or a file written");
		assert.equal(outside(), was);
		return done;
	};
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await unchanged(() => place.holdfast(...words));
		assert.equal(code, expected, stdout + stderr);
		return stderr;
	};
	const restored = (expected: number) => holdfast(expected, "restore", "--yes", "tar", "latest");
	const backedUp = () => holdfast(0, "create");

	describe("a service with rights on its own database alone, and an honest archive", () => {
		/** Runs with whoever's rights it gets: takes what it can. */
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
				await pause(2500);
				assert.ok(!running("IN ACCESS SHARE MODE"), "the server goes on for nobody");
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
	});

	describe("an archive that somebody wrote", () => {
		/** A dump by pg_dump of a database with an index, in whose place stands another statement of no greater length. */
		const dumpOf = (statement: string, setup = "") => {
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
		const forge = (content: Buffer, more: object = {}) =>
			void forgeArchive(place.path("archives"), "app", [{ dump, content, facts: FACTS, ...more }]);
		const asBefore = () => assert.equal(server.sql("app", "SELECT id, text FROM note"), "1|old");

		test("gives rights and settings to a role of another service", async () => {
			const grants = [{ grantee: "other", privilege: "CREATE", grantable: true }];
			const settings = [
				{ role: "other", setting: "search_path=evil" },
				{ role: null, setting: "role=app" },
				{ role: null, setting: "work_mem=7MB" },
			];
			server.sql("postgres", "CREATE ROLE reader; CREATE DATABASE forge OWNER app TEMPLATE template0");
			server.sql(
				"forge",
				"SET ROLE app; CREATE TABLE note (id int); GRANT SELECT ON note TO other, reader; GRANT INSERT ON note TO reader WITH GRANT OPTION; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO other",
			);
			const { stdout } = spawnSync("setpriv", [
				...["--reuid=postgres", "--regid=postgres", "--init-groups", "--"],
				...["pg_dump", "--format=custom", `--host=${server.folder}`, `--port=${server.port}`, "forge"],
			]);
			server.sql("postgres", "DROP DATABASE forge");
			forge(stdout, { facts: { ...FACTS, grants, settings } });
			const said = await place.holdfast("restore", "--yes", "tar", "latest");
			const of = (query: string) => server.sql("app", query);
			const rights = of("SELECT relacl FROM pg_class WHERE relname = 'note'");
			const database = of("SELECT datacl FROM pg_database WHERE datname = 'app'");
			const set = of(
				"SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON setdatabase = d.oid WHERE datname = 'app'",
			);
			server.sql("postgres", "DROP DATABASE app; DROP ROLE reader; CREATE DATABASE app OWNER app");
			assert.equal(said.code, 0, said.stderr);
			assert.doesNotMatch(rights + database, /other=/);
			assert.match(rights, /reader=/);
			assert.equal(set, "{work_mem=7MB}");
			for (const what of [
				/right CREATE of the role other is left out/,
				/setting search_path of the role other/,
				/setting role of/,
				/granted in the dump \(2\) of the role other/,
			])
				assert.match(said.stderr, what);
		});

		test("gives the database to another service", async () => {
			forge(dumpOf("SELECT 1"), { facts: { ...FACTS, owner: "other" } });
			assert.match(await restored(1), /would belong to other, who reach beyond/);
			asBefore();
		});

		for (const [what, statement] of Object.entries<() => string>({
			"runs a program": () => `COPY (SELECT 1) TO PROGRAM 'touch ${planted}'`,
			"writes a file": () => `COPY (SELECT 1) TO '${planted}'`,
			"makes itself a superuser": () => "ALTER ROLE app SUPERUSER",
			"takes a role's rights": () => "SET ROLE other; ALTER DATABASE other SET work_mem = '1MB'",
			"takes the live database's owner": () =>
				"SET SESSION AUTHORIZATION app; ALTER ROLE app PASSWORD 'known'",
			"takes another's database away": () => "ALTER DATABASE other RENAME TO taken",
			"takes the live database away before its time": () => "ALTER DATABASE app RENAME TO taken",
			"makes a function in C": () =>
				"CREATE FUNCTION public.place() RETURNS int AS '$libdir/plpgsql', 'plpgsql_call_handler' LANGUAGE c",
			"has a superuser's event trigger": () =>
				"DO $x$ BEGIN CREATE FUNCTION public.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER place ON ddl_command_end EXECUTE FUNCTION public.ev(); END $x$",
		}))
			test(what, async () => {
				forge(dumpOf(statement()));
				await restored(1);
				asBefore();
			});

		test("has a comment that is more than a comment", async () => {
			const content = dumpOf(
				"SELECT 1",
				`SET ROLE app; CREATE TABLE said (n int); COMMENT ON TABLE said IS '${"y".repeat(200)}'`,
			);
			const from = content.indexOf("COMMENT ON TABLE public.said");
			const to = content.indexOf(";\n", from) + 1;
			content.write(`COPY (SELECT 1) TO PROGRAM 'touch ${planted}';`.padEnd(to - from, " "), from);
			forge(content);
			assert.match(await restored(1), /form that is not understood/);
			asBefore();
		});

		test("gives rights on the server's own functions", async () => {
			forge(
				dumpOf(
					"SELECT 1",
					"GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO app; GRANT EXECUTE ON FUNCTION pg_catalog.lo_export(oid, text) TO app",
				),
			);
			assert.match(await restored(1), /gives rights on what belongs to the server/);
			asBefore();
		});

		test("makes a superuser the owner of a function that runs with its owner's rights", async () => {
			forge(
				dumpOf(
					"SELECT 1",
					"CREATE FUNCTION f() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'ALTER ROLE app SUPERUSER'",
				),
			);
			assert.match(await restored(1), /would belong to postgres.*\n.*--trust-archive/);
			asBefore();
		});

		test("makes another service's role the owner of one", async () => {
			forge(
				dumpOf(
					"SELECT 1",
					"CREATE FUNCTION f() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO other",
				),
			);
			assert.match(await restored(1), /would belong to other/);
			asBefore();
		});

		test("says who the owners are, in a form that is more than a name", async () => {
			const contents = {
				owner: 'app"; ALTER ROLE app SUPERUSER; --',
				publicOwner: null,
				others: {},
				privileged: [],
			};
			forge(dumpOf("SELECT 1"), { accounts: { accounts: [], contents } });
			await restored(1);
			const origin = "1259 1";
			const names = ["public", "note; ALTER ROLE app SUPERUSER; --"];
			for (const others of [
				{ app: [{ origin, type: "table", names, args: [] }] },
				{ app: [{ origin, type: 'large object" y; SELECT', names, args: [] }] },
				{ app: [{ origin: "0 0", type: "large object", names: ["1; ALTER ROLE app SUPERUSER"], args: [] }] },
			]) {
				forge(dumpOf("SELECT 1"), {
					accounts: { accounts: [], contents: { ...contents, owner: "app", others } },
				});
				const { code, stderr } = await unchanged(() => place.holdfast("restore", "--yes", "tar", "latest"));
				assert.ok(code === 0 || code === 1, stderr);
			}
		});

		test("gives away what is the server's or another's, by the numbers of its own", async () => {
			const content = dumpOf("SELECT 1");
			// As the entry of the table `note` has it.
			const listed = spawnSync("pg_restore", ["--list", place.path("forged.dump")], {
				encoding: "utf8",
			}).stdout;
			const [, origin = ""] = /; (1259 \d+) TABLE public note/.exec(listed) ?? [];
			const other = (type: string, name: string[], args: string[] = []) => ({
				origin,
				type,
				names: name,
				args,
			});
			const others = {
				app: [
					other("database", ["other"]),
					other("function", ["pg_catalog", "pg_read_file"], ["text"]),
					other("schema", ["pg_catalog"]),
					other("role", ["other"]),
					other("tablespace", ["pg_default"]),
				],
			};
			const contents = { owner: "app", publicOwner: null, others, privileged: [] };
			forge(content, { accounts: { accounts: [], contents } });
			await restored(0);
			assert.equal(
				server.sql(
					"app",
					"SELECT DISTINCT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'pg_read_file' UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'pg_catalog'",
				),
				"postgres",
			);
		});

		test("has the server's functions given away by a line of 0.1.0's form", async () => {
			const line = "\nALTER FUNCTION pg_catalog.pg_read_file(text) OWNER TO new;\n";
			server.sql("postgres", "CREATE ROLE new");
			forge(
				dumpOf(
					"SELECT 1",
					`CREATE FUNCTION lines() RETURNS text LANGUAGE sql AS $$ SELECT '${line}' $$; ALTER FUNCTION lines() OWNER TO app`,
				),
			);
			assert.match(await restored(1), /gives rights on what belongs to the server/);
			asBefore();
		});

		test("has facts that are more than names and values", async () => {
			const content = dumpOf("SELECT 1");
			for (const facts of [
				{ ...FACTS, owner: 'app"; ALTER ROLE app SUPERUSER; --' },
				{ ...FACTS, collate: "C'; ALTER ROLE app SUPERUSER; --" },
				{ ...FACTS, connections: "1; ALTER ROLE app SUPERUSER" },
				{
					...FACTS,
					settings: [{ role: null, setting: "work_mem TO '1MB'; ALTER ROLE app SUPERUSER; --=x" }],
				},
				{
					...FACTS,
					settings: [{ role: 'app" SET x = 1; ALTER ROLE app SUPERUSER; --', setting: "work_mem=1MB" }],
				},
				{
					...FACTS,
					grants: [{ grantee: 'app"; ALTER ROLE app SUPERUSER; --', privilege: "CONNECT", grantable: false }],
				},
			]) {
				forge(content, { facts });
				// A setting of no known name, and what is for no known role, is left out.
				await restored("settings" in facts || "grants" in facts ? 0 : 1);
			}
		});

		test("has a setting that only a superuser may give", async () => {
			forge(dumpOf("SELECT 1"), {
				facts: {
					...FACTS,
					settings: [
						{ role: null, setting: "session_preload_libraries=evil" },
						{ role: null, setting: "work_mem=7MB" },
					],
				},
			});
			assert.match(await restored(0), /session_preload_libraries of the database is left out/);
			assert.equal(
				server.sql(
					"postgres",
					"SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'app'",
				),
				"{work_mem=7MB}",
			);
		});

		test("makes accounts by statements of its own", async () => {
			const statements = [
				`\\! touch ${planted}`,
				"CREATE ROLE new SUPERUSER",
				`COPY (SELECT 1) TO PROGRAM 'touch ${planted}'`,
			];
			forge(dumpOf("SELECT 1"), { accounts: [{ name: "new", statements }] });
			assert.match(await restored(0), /the role new is left out/);
		});

		test("makes accounts with rights over the server", async () => {
			const made = { connectionLimit: -1, password: null, validUntil: null, comment: null };
			const role = {
				...{ ...made, name: "new", attributes: ["SUPERUSER", "CREATEROLE", "LOGIN"] },
				memberOf: [{ role: "postgres" }, { role: "pg_execute_server_program" }, { role: "other" }],
				settings: ["session_preload_libraries=evil"],
			};
			forge(dumpOf("SELECT 1"), { accounts: { accounts: [role] } });
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 0, stderr);
			for (const what of [
				"SUPERUSER",
				"LOGIN",
				"the membership in postgres",
				"the membership in other",
				"session_preload_libraries",
			])
				assert.match(stderr, new RegExp(`${what} of the role new is left out`));
			assert.equal(
				server.sql(
					"postgres",
					"SELECT rolsuper, rolcreaterole, rolcanlogin, (SELECT count(*) FROM pg_auth_members WHERE member = r.oid), rolconfig FROM pg_roles r WHERE rolname = 'new'",
				),
				"f|f|f|0|",
			);
			forge(dumpOf("SELECT 1"), {
				accounts: { accounts: [{ ...made, name: "odd", attributes: ["LOGIN SUPERUSER"] }] },
			});
			await restored(1);
		});

		test("says as whom the server is asked", async () => {
			server.sql(
				"postgres",
				"DROP ROLE IF EXISTS games; CREATE ROLE games LOGIN CREATEDB; GRANT app TO games",
			);
			place.declare({ state: { app: { dumps: [{ ...dump, user: "games" }] } } });
			forge(dumpOf("ALTER ROLE app SUPERUSER"), { dump: { ...dump, user: "postgres" } });
			await restored(1);
			asBefore();
			server.sql("postgres", "DROP ROLE games");
		});

		test("names a database that the config does not", async () => {
			forgeArchive(place.path("archives"), "app", [
				{ dump: { ...dump, postgresql: "other" }, content: dumpOf("SELECT 1"), facts: FACTS },
			]);
			assert.match(await restored(1), /holds the PostgreSQL database other, and the config does not/);
			const { code, stdout } = await place.holdfast("diff", "tar", "latest");
			assert.equal(code, 0);
			assert.match(stdout, /PostgreSQL database other of app, and the config does not: it is not compared/);
			assert.doesNotMatch(stdout, /ROWS/);
		});
	});
});

async function until(isSo: () => boolean): Promise<void> {
	for (let left = 150; !isSo(); left--) {
		assert.ok(left > 0, "it does not come to that");
		await pause(100);
	}
}
