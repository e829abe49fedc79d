// Accounts from an archive that somebody else wrote, and what servers are asked about: without a server.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../src/databases/mariadb/account-text.ts";
import { readOnlyObstacles } from "../../src/databases/mariadb/mysql.ts";
import { serverOf } from "../../src/databases/mariadb/server.ts";
import { ofUnknownArchive } from "../../src/databases/mariadb/unknown-accounts.ts";
import { namedRoles } from "../../src/databases/postgresql/named-roles.ts";
import { HoldfastError } from "../../src/values/error.ts";

const LOCK: Account["clauses"] = [{ word: "ACCOUNT" }, { word: "LOCK" }];
const right = (name: string) => ({ privileges: [{ name }], pattern: true, option: false });
const role: Account = {
	user: "r",
	host: "%",
	clauses: LOCK,
	grants: [right("ALL PRIVILEGES")],
	memberOf: [],
};
const member: Account = {
	...{ user: "app", host: "%", clauses: [], grants: [] },
	memberOf: [{ user: "r", host: "%", isAdmin: true, isDefault: true }],
};
const reader: Account = { user: "seer", host: "%", clauses: [], grants: [right("SELECT")], memberOf: [] };

test("a role is not given on, and who has rights only by a role is the application", () => {
	const known = { there: [], hasOwn: false };
	const { accounts, faults } = ofUnknownArchive("app", [role, member, reader], known);
	const [, app, seer] = accounts;
	assert.deepEqual(app?.memberOf, [{ user: "r", host: "%", isDefault: true }]);
	assert.match(
		faults.join("\n"),
		/app@% cannot grant the role r@% to others, .*: GRANT 'r'@'%' TO 'app'@'%' WITH ADMIN OPTION/,
	);
	assert.deepEqual(app?.clauses, []);
	assert.deepEqual(seer?.clauses, LOCK);
});

test("a MySQL that does not know of read-only databases has none", async () => {
	const server = serverOf({ socket: "/nowhere" });
	const told = (number: number) => ({
		...server,
		product: async () => ({ product: "MySQL" as const, version: 8 }),
		sql: () =>
			Promise.reject(
				new HoldfastError("database-failed", "no", {
					subject: "app",
					details: [`ERROR ${number} (42S02) at line 1: no`],
				}),
			),
	});
	assert.deepEqual(await readOnlyObstacles(told(1109), "app"), []);
	await assert.rejects(readOnlyObstacles(told(1142), "app"), /no/);
});

test("the texts of all policies are read at once", async () => {
	const entries = ["a", "b", "c"].map((name) => ({
		id: name,
		origin: "0 0",
		words: `POLICY public t ${name}`,
	}));
	let count = 0;
	const texts = entries.map(
		({ id }) =>
			`--\n-- Name: t ${id}; Type: POLICY\n--\n\nCREATE POLICY ${id} ON public.t TO gone, here USING ((a = '${id};\n'::text));\n\n`,
	);
	const dump = {
		text: async (some: readonly { id: string }[]) => {
			count++;
			return texts.filter((_, index) => some.some(({ id }) => id === entries[index]?.id)).join("");
		},
	};
	const { instead } = await namedRoles(async () => [["here"]], "app", dump, entries);
	assert.equal(count, 1);
	assert.deepEqual(
		instead,
		["a", "b", "c"].map((id) => `CREATE POLICY ${id} ON public.t TO here USING ((a = '${id};\n'::text))`),
	);
});
