// The configured account may not create accounts: that is no fault of a single one, and the restore says so at once.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createAccounts } from "../../src/databases/mariadb/accounts.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, type TestServer } from "../support/servers.ts";

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
