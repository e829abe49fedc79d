// What every kind of health check must do, each run for real. A new kind gets a line in `KINDS`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as v from "valibot";
import { HEALTH_CHECKS, healthCheckKind, healthCheckSchema } from "../../src/health/list.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("health-kinds");
const file = join(folder, "notes.db");
const server = createServer((request, response) => {
	response.writeHead(request.url === "/well" ? 200 : 503).end("how it is");
});
before(async () => {
	execFileSync("sqlite3", [file, "CREATE TABLE note (n); INSERT INTO note VALUES (1), (2)"]);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(() => server.close());

const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const sql = "SELECT count(*) FROM note";

interface Asked {
	readonly healthy: () => object;
	readonly unhealthy: () => object;
	/** The message for the unhealthy one. */
	readonly fault: RegExp;
}
/** By key; test/databases/health-checks.test.ts queries a server's database. */
const KINDS: Record<string, Asked | "elsewhere"> = {
	http: {
		healthy: () => ({ http: address("/well"), contains: "how" }),
		unhealthy: () => ({ http: address("/ill") }),
		fault: /answered with status 503/,
	},
	script: {
		healthy: () => ({ script: "test 1 = 1" }),
		unhealthy: () => ({ script: "false\ntrue" }),
		fault: /code 1/,
	},
	command: {
		healthy: () => ({ command: ["true"] }),
		unhealthy: () => ({ command: ["sh", "-c", "exit 4"] }),
		fault: /code 4/,
	},
	database: "elsewhere",
	sqlite: {
		healthy: () => ({ sql, sqlite: file, expect: "2" }),
		unhealthy: () => ({ sql, sqlite: file, expect: "3" }),
		fault: /answered "2", not "3"/,
	},
};

const schema = healthCheckSchema;
async function ask(options: object) {
	const check = v.parse(schema, { ...options, within: 0 });
	const kind = healthCheckKind(check);
	assert.ok(kind.label(check).length > 0);
	const signal = new AbortController().signal;
	return { kind, fault: await kind.ask(check, { seconds: 10, signal, dumps: [], log: () => {} }) };
}

for (const { key } of HEALTH_CHECKS)
	describe(key, () => {
		const asked = KINDS[key];
		assert.ok(asked, `${key} has no line in KINDS`);
		if (asked === "elsewhere") return;

		test("healthy", async () => {
			const { kind, fault } = await ask(asked.healthy());
			assert.equal(kind.key, key);
			assert.equal(fault, undefined);
		});

		test("not healthy, and why", async () => {
			assert.match((await ask(asked.unhealthy())).fault?.what ?? "", asked.fault);
		});
	});

test("what is none is told the kinds that there are", () => {
	const { issues = [] } = v.safeParse(schema, "curl");
	const told = issues[0]?.message ?? "";
	assert.match(told, /^a health check must be (\{ [\w, ]+ \}, )+\{ [\w, ]+ \} or \{ [\w, ]+ \}$/);
	assert.ok(told.includes("{ sql, database }"));
	for (const { key } of HEALTH_CHECKS) assert.match(told, new RegExp(`[ ,]${key} \\}`));
});

test("an address is shown without its user, password and query", async () => {
	const http = address("/ill").replace("://", "://someone:secret@");
	const check = v.parse(schema, { http: `${http}?token=secret#secret`, within: 0 });
	assert.equal(healthCheckKind(check).label(check), `GET ${address("/ill")}`);
	assert.doesNotMatch(JSON.stringify((await ask(check)).fault), /secret|someone/);
});
