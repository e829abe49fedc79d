// Attacks on PostgreSQL's superuser and its other users, through what somebody wrote into an archive: rights, owners,
// comments, functions and settings.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { noServers } from "../support/servers.ts";
import {
	asBefore,
	attacked,
	dumpOf,
	FACTS,
	forge,
	place,
	planted,
	restored,
	server,
	unchanged,
} from "./attacked-postgresql.ts";

describe("an archive for PostgreSQL that somebody wrote", { skip: noServers }, () => {
	attacked();

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
			/privilege CREATE of the role other was not restored/,
			/setting search_path of the role other/,
			/setting role of/,
			/grant in the dump \(2\) of the role other/,
		])
			assert.match(said.stderr, what);
	});

	test("gives the database to another service", async () => {
		forge(dumpOf("SELECT 1"), { facts: { ...FACTS, owner: "other" } });
		assert.match(
			await restored(1),
			/would belong to other: roles that do not exist or have rights outside this database/,
		);
		asBefore();
	});

	for (const [what, statement] of Object.entries<() => string>({
		"runs a program": () => `COPY (SELECT 1) TO PROGRAM 'touch ${planted}'`,
		"writes a file [long]": () => `COPY (SELECT 1) TO '${planted}'`,
		"makes itself a superuser": () => "ALTER ROLE app SUPERUSER",
		"takes a role's rights [long]": () => "SET ROLE other; ALTER DATABASE other SET work_mem = '1MB'",
		"takes the live database's owner": () => "SET SESSION AUTHORIZATION app; ALTER ROLE app PASSWORD 'known'",
		"takes another's database away [long]": () => "ALTER DATABASE other RENAME TO taken",
		"takes the live database away before its time [long]": () => "ALTER DATABASE app RENAME TO taken",
		"makes a function in C": () =>
			"CREATE FUNCTION public.place() RETURNS int AS '$libdir/plpgsql', 'plpgsql_call_handler' LANGUAGE c",
		"has a superuser's event trigger [long]": () =>
			"DO $x$ BEGIN CREATE FUNCTION public.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER place ON ddl_command_end EXECUTE FUNCTION public.ev(); END $x$",
	}))
		test(what, async () => {
			forge(dumpOf(statement()));
			await restored(1);
			asBefore();
		});

	test("has a comment that is more than a comment [long]", async () => {
		const content = dumpOf(
			"SELECT 1",
			`SET ROLE app; CREATE TABLE said (n int); COMMENT ON TABLE said IS '${"y".repeat(200)}'`,
		);
		const from = content.indexOf("COMMENT ON TABLE public.said");
		const to = content.indexOf(";\n", from) + 1;
		content.write(`COPY (SELECT 1) TO PROGRAM 'touch ${planted}';`.padEnd(to - from, " "), from);
		forge(content);
		assert.match(await restored(1), /cannot be parsed/);
		asBefore();
	});

	test("gives rights on the server's own functions [long]", async () => {
		forge(
			dumpOf(
				"SELECT 1",
				"GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO app; GRANT EXECUTE ON FUNCTION pg_catalog.lo_export(oid, text) TO app",
			),
		);
		assert.match(await restored(1), /grants privileges on objects that belong to the server/);
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

	test("makes another service's role the owner of one [long]", async () => {
		forge(
			dumpOf(
				"SELECT 1",
				"CREATE FUNCTION f() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO other",
			),
		);
		assert.match(await restored(1), /would belong to other/);
		asBefore();
	});

	test("says who the owners are, in a form that is more than a name [long]", async () => {
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
		assert.match(await restored(1), /grants privileges on objects that belong to the server/);
		asBefore();
	});

	test("has facts that are more than names and values [long]", async () => {
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
			// A setting with an unknown name, or for an unknown role, is left out.
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
		assert.match(await restored(0), /session_preload_libraries of the database was not restored/);
		assert.equal(
			server.sql(
				"postgres",
				"SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'app'",
			),
			"{work_mem=7MB}",
		);
	});
});
