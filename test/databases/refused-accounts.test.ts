// The configured account may not create accounts: that is no fault of a single one, and the restore says so at once.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createAccounts } from "../../src/databases/mariadb/accounts.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { createAccounts as createRoles } from "../../src/databases/postgresql/accounts.ts";
import { type Ask, asker, connectionOf } from "../../src/databases/postgresql/ask.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer, type TestServer } from "../support/servers.ts";

const folder = scratch("refused-accounts");

describe("MariaDB: an account that may not create others", { skip: noServers }, () => {
	let server: TestServer;
	before(async () => {
		server = await mariadbServer();
	});

	test("is told so, and none counts as one that the server does not take", async () => {
		server.sql(
			"",
			"CREATE USER keeper@localhost IDENTIFIED BY 'pw'; GRANT SELECT ON mysql.* TO keeper@localhost",
		);
		const defaultsFile = new Place(folder).write("keeper.cnf", "[client]\nuser=keeper\npassword=pw\n");
		const keeper = serverOf({ socket: server.socket, defaultsFile });
		const held = { accounts: [{ user: "aa", host: "localhost", clauses: [], memberOf: [], grants: [] }] };
		await assert.rejects(
			createAccounts(keeper, "app", held, ["aa@localhost"], true),
			/could not create the account aa@localhost/,
		);
		assert.deepEqual(
			await createAccounts(serverOf({ socket: server.socket }), "app", held, ["aa@localhost"], true),
			[],
		);
	});
});

describe("PostgreSQL: what is no fault of a role", { skip: noServers }, () => {
	const role = (name: string) => ({ name, attributes: ["LOGIN" as const], connectionLimit: -1 });
	const held = { accounts: [role("aa"), role("none")] };
	let server: TestServer;
	before(async () => {
		server = await postgresqlServer();
	});
	const create = (ask: Ask) => createRoles(ask, held, ["aa", "none"], "all");
	const ours = () => connectionOf({ host: server.folder, port: server.port });

	test("not being allowed to create any, which is told", async () => {
		server.sql("postgres", "CREATE ROLE keeper LOGIN PASSWORD 'pw'");
		const { client } = ours();
		const keeper = asker({
			client: { ...client, env: { ...client.env, PGPASSWORD: "pw" } },
			where: ["--host=127.0.0.1", `--port=${server.port}`, "--username=keeper"],
		});
		await assert.rejects(create(keeper), /could not create roles/);
		assert.equal(server.sql("postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'aa'"), "");
		assert.match(
			(await create(asker(ours()))).join(),
			/^the role none could not be created: [^,]*ERROR: +role name "none" is reserved$/,
		);
		assert.equal(server.sql("postgres", "SELECT rolname FROM pg_roles WHERE rolname = 'aa'"), "aa");
	});

	test("a disk that fills up meanwhile, whatever the server's language", async () => {
		server.sql("postgres", "DROP ROLE IF EXISTS aa");
		const raise = "DO $x$ BEGIN RAISE ''''kein Platz'''' USING ERRCODE = ''''disk_full''''; END $x$";
		const ask = asker(ours());
		const full: Ask = (statements, ...more) =>
			ask(
				statements.map((one) => one.replace(/(?<=EXECUTE E'').*(?=''; EXCEPTION)/s, () => raise)),
				...more,
			);
		await assert.rejects(
			create(full),
			(error) => error instanceof HoldfastError && /kein Platz/.test(error.details.join()),
		);
	});
});
