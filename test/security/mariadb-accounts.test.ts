// Attacks on MariaDB's root and its other users, through accounts, names and properties that somebody wrote into an
// archive.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import { forgeArchive } from "../support/forged.ts";
import { noServers } from "../support/servers.ts";
import {
	attacked,
	backedUp,
	dump,
	FACTS,
	forge,
	NOTE,
	OBJECTS,
	outside,
	place,
	planted,
	restored,
	server,
} from "./attacked-mariadb.ts";

describe("accounts for MariaDB in an archive that somebody wrote", { skip: noServers }, () => {
	attacked();

	test("makes accounts by statements of its own", async () => {
		const statements = [
			"CREATE USER `new`@`localhost`",
			"GRANT ALL ON *.* TO app@localhost",
			`\\! touch ${planted}`,
		];
		forge(`${NOTE}${OBJECTS}`, { accounts: [{ name: "new@localhost", statements }] });
		// The account itself is created, and reported; it may do nothing.
		const was = outside();
		const { stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.match(stderr, /created the account new@localhost/);
		assert.equal(
			server.sql("", "SHOW GRANTS FOR `new`@localhost"),
			"GRANT USAGE ON *.* TO `new`@`localhost`",
		);
		server.sql("", "DROP USER `new`@localhost");
		assert.equal(outside(), was);
		assert.ok(!existsSync(planted));
	});

	test("makes an account with rights beyond the database", async () => {
		const account = { user: "new", host: "localhost", clauses: [] };
		for (const grant of [
			{ privileges: [{ name: "FILE" }], pattern: false, option: false },
			{
				privileges: [{ name: "ALL PRIVILEGES ON *.* TO app@localhost; -- " }],
				pattern: false,
				option: false,
			},
		]) {
			forge(`${NOTE}${OBJECTS}`, { accounts: { accounts: [{ ...account, grants: [grant] }] } });
			await restored(1);
		}
		forge(`${NOTE}${OBJECTS}`, {
			accounts: { accounts: [{ ...account, clauses: [{ word: "; DROP DATABASE other" }], grants: [] }] },
		});
		await restored(1);
		// The name of a table is only that: the account is created, and may do nothing.
		const odd = { privileges: [{ name: "SELECT" }], object: "t` TO x; -- ", pattern: false, option: false };
		forge(`${NOTE}${OBJECTS}`, { accounts: { accounts: [{ ...account, grants: [odd] }] } });
		const was = outside();
		const { stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.match(stderr, /1 privilege of new accounts on single tables or routines could not be granted/);
		assert.match(server.sql("", "SHOW GRANTS FOR `new`@localhost"), /^GRANT USAGE ON \*\.\* TO [^\n]*$/);
		server.sql("", "DROP USER `new`@localhost");
		assert.equal(outside(), was);
	});

	describe("brings accounts whose passwords its maker knows [long]", () => {
		const grant = { privileges: [{ name: "ALL PRIVILEGES" }], pattern: false, option: true };
		const account = (user: string, host: string) => ({
			...{ user, host, grants: [grant], roles: [] },
			clauses: [{ word: "IDENTIFIED" }, { word: "BY" }, { text: "pw" }],
		});
		const brought = async (...accounts: object[]) => {
			forge(`${NOTE}${OBJECTS}`, { accounts: { accounts } });
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 0, stderr);
			return stderr;
		};
		const mayLogIn = (user: string) => server.as(user, "app", "SELECT 1").code === 0;
		afterEach(() => {
			const names = ["new@localhost", "new@'%'", "new@'10.0.0.%'", "more@'%'", "more@localhost"];
			server.sql("", `DROP USER IF EXISTS ${names.join(", ")}`);
		});

		test("and there are accounts for the database: what it brings is locked, and gives nothing on", async () => {
			const said = await brought(account("new", "%"), account("more", "localhost"));
			assert.match(said, /new@% was created but locked.*ALTER USER 'new'@'%' ACCOUNT UNLOCK/);
			assert.match(said, /new@% cannot grant its privileges.*WITH GRANT OPTION/);
			assert.deepEqual([mayLogIn("new"), mayLogIn("more"), mayLogIn("app")], [false, false, true]);
			assert.doesNotMatch(server.sql("", "SHOW GRANTS FOR new@'%'"), /GRANT OPTION/);
			server.sql("", "ALTER USER new@'%' ACCOUNT UNLOCK");
			assert.ok(mayLogIn("new"), "as the message says");
		});

		test("and there are none: the application's own may log in, another from elsewhere not", async () => {
			server.sql("", "DROP DATABASE app; DROP USER app@localhost");
			const said = await brought(account("app", "localhost"), account("new", "%"));
			assert.deepEqual([mayLogIn("new"), mayLogIn("app")], [false, true]);
			assert.doesNotMatch(said, /app@localhost was created but locked/);
		});

		test("and there are none: the only one may log in, wherever it comes from", async () => {
			server.sql("", "DROP DATABASE app; DROP USER app@localhost");
			await brought(account("new", "%"), { ...account("new", "10.0.0.%"), clauses: [] });
			assert.ok(mayLogIn("new"));
		});

		test("that would take the place of what is here", async () => {
			const was = outside();
			const said = await brought(
				account("other", "%"),
				account("other", "127.0.0.1"),
				account("", "localhost"),
			);
			assert.match(said, /account other@% was skipped, because this server already has other@localhost/);
			assert.match(said, /account @localhost was skipped/);
			assert.equal(outside(), was);
			assert.doesNotMatch(said, /created the account/);
		});

		test("whose rights are a pattern that other databases fit", async () => {
			server.sql("", "CREATE DATABASE app_x; CREATE DATABASE appyx; CREATE TABLE appyx.t (n INT)");
			const own = { ...dump, mariadb: "app_x" };
			place.declare({ state: { app: { dumps: [own] } } });
			forgeArchive(place.path("archives"), "app", [
				{
					dump: own,
					content: `${NOTE}${OBJECTS}`,
					facts: FACTS,
					accounts: { accounts: [account("new", "%")] },
				},
			]);
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 0, stderr);
			assert.equal(server.as("new", "app_x", "SELECT 1").code, 0);
			assert.notEqual(server.as("new", "appyx", "SELECT 1").code, 0);
			server.sql("", "DROP DATABASE app_x; DROP DATABASE appyx");
		});
	});

	test("says as whom the server is asked", async () => {
		server.sql(
			"",
			"CREATE USER games@localhost IDENTIFIED VIA unix_socket; GRANT ALL ON app.* TO games@localhost; GRANT ALL ON `holdfast\\_%`.* TO games@localhost",
		);
		forge(`GRANT ALL ON *.* TO app@localhost;\n${OBJECTS}`);
		for (const mariadb of ["app", "*"]) {
			place.declare({ state: { app: { dumps: [{ ...dump, mariadb, user: "games" }] } } });
			assert.match(await restored(1), /Access denied for user 'games'/);
		}
		server.sql("", "DROP USER games@localhost");
	});

	test("names a database that the config does not", async () => {
		forgeArchive(place.path("archives"), "app", [
			{ dump: { ...dump, mariadb: "other" }, content: `${NOTE}${OBJECTS}`, facts: FACTS },
		]);
		assert.match(await restored(1), /contains the MariaDB database other, but the config does not/);
		const { code, stdout } = await place.holdfast("diff", "tar", "latest");
		assert.equal(code, 0);
		assert.match(
			stdout,
			/MariaDB database other of app, but the config does not declare it: it is not compared/,
		);
		assert.doesNotMatch(stdout, /ROWS/);
	});

	test("that was this machine's own is changed", async () => {
		await backedUp();
		const [name = ""] = readdirSync(place.path("archives"));
		const index = JSON.parse(readFileSync(place.path("archives", name, "index.json"), "utf8"));
		const [{ dump: own, facts, stored }] = index.metadata.states.app.dumps;
		forgeArchive(place.path("forged"), "app", [{ dump: own, content: `${NOTE}${OBJECTS}`, facts }]);
		const [forged = ""] = readdirSync(place.path("forged"));
		const other = JSON.parse(readFileSync(place.path("forged", forged, "index.json"), "utf8"));
		const [segment] = other.segments;
		index.segments = index.segments.map((one: { path: string }) =>
			one.path === stored ? { ...segment, path: stored, file: "stream-9.zst" } : one,
		);
		copyFileSync(place.path("forged", forged, segment.file), place.path("archives", name, "stream-9.zst"));
		writeFileSync(place.path("archives", name, "index.json"), JSON.stringify(index));
		assert.match(await restored(1), /differs from the one that this machine wrote/);
	});

	test("that is this machine's own gives what an account had on a table only if the restore creates the account [long]", async () => {
		const grants = () => server.sql("", "SHOW GRANTS FOR lost@localhost");
		server.sql("app", "CREATE USER lost@localhost; GRANT SELECT ON note TO lost@localhost");
		await backedUp();
		const restore = async () => {
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 0, stderr);
		};
		server.sql("app", "REVOKE SELECT ON note FROM lost@localhost");
		await restore();
		assert.doesNotMatch(grants(), /SELECT/);
		server.sql("", "DROP USER lost@localhost");
		await restore();
		assert.match(grants(), /GRANT SELECT ON `app`\.`note` TO `lost`@`localhost`/);
		server.sql("", "DROP USER lost@localhost");
	});

	test("that is this machine's own has no administrators in it, who have rights here only by a role [long]", async () => {
		server.sql(
			"",
			"CREATE ROLE app_role; GRANT SELECT ON app.* TO app_role; CREATE ROLE dba; GRANT ALL ON *.* TO dba; GRANT app_role TO dba; CREATE USER boss@localhost; GRANT dba TO boss@localhost; CREATE USER plain@localhost; GRANT app_role TO plain@localhost",
		);
		await backedUp();
		server.sql("", "DROP USER boss@localhost, plain@localhost; DROP ROLE dba, app_role");
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 0, stderr);
		const is = (user: string) => server.sql("", `SELECT count(*) FROM mysql.user WHERE User = '${user}'`);
		assert.deepEqual(["app_role", "plain", "dba", "boss"].map(is), ["1", "1", "0", "0"]);
		server.sql("", "DROP USER plain@localhost; DROP ROLE app_role");
	});

	test("that is this machine's own gives nobody a right on root's routine for one on a routine of the service's", async () => {
		server.sql(
			"app",
			"CREATE DEFINER=root@localhost PROCEDURE secret() SELECT * FROM other.t; CREATE USER maker@localhost IDENTIFIED BY 'pw'; GRANT SELECT, CREATE ROUTINE ON app.* TO maker@localhost",
		);
		await backedUp();
		server.sql("app", "DROP PROCEDURE secret");
		assert.equal(server.as("maker", "app", "CREATE PROCEDURE secret() SELECT 1").code, 0);
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 0, stderr);
		assert.notEqual(server.as("maker", "app", "CALL secret()").code, 0);
		server.sql("", "DROP USER maker@localhost");
	});
});
