// Accounts, names and paths that somebody wrote into an archive for PostgreSQL.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forgeArchive } from "../support/forged.ts";
import { noServers } from "../support/servers.ts";
import {
	asBefore,
	attacked,
	dump,
	dumpOf,
	FACTS,
	forge,
	place,
	planted,
	restored,
	server,
} from "./attacked-postgresql.ts";

describe("accounts for PostgreSQL in an archive that somebody wrote", { skip: noServers }, () => {
	attacked();

	test("makes accounts by statements of its own", async () => {
		const statements = [
			`\\! touch ${planted}`,
			"CREATE ROLE new SUPERUSER",
			`COPY (SELECT 1) TO PROGRAM 'touch ${planted}'`,
		];
		forge(dumpOf("SELECT 1"), { accounts: [{ name: "new", statements }] });
		assert.match(await restored(0), /the role new was skipped/);
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
			"membership in postgres",
			"membership in other",
			"session_preload_libraries",
		])
			assert.match(stderr, new RegExp(`${what} of the role new was not restored`));
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
		server.sql("postgres", "DROP ROLE IF EXISTS games; CREATE ROLE games LOGIN CREATEDB; GRANT app TO games");
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
		assert.match(await restored(1), /contains the PostgreSQL database other, but the config does not/);
		const { code, stdout } = await place.holdfast("diff", "tar", "latest");
		assert.equal(code, 0);
		assert.match(
			stdout,
			/PostgreSQL database other of app, but the config does not declare it: it is not compared/,
		);
		assert.doesNotMatch(stdout, /ROWS/);
	});
});
