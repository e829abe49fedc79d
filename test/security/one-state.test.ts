// What a service can make long (properties of its database, the number of its databases, an error that quotes it)
// keeps only its own state out of the archive: all states share one metadata record, which has a size limit.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { longest, shortFacts, shortReason, weightOf } from "../../src/steps/work/described.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { noServers, postgresqlServer } from "../support/servers.ts";

const folder = scratch("one-state");

describe("one state's long record", { skip: noServers }, () => {
	let place: Place;
	beforeEach(() => {
		place = new Place(folder);
		place.write("good/file", "good");
	});
	const declare = (app: object) =>
		place.declare({
			state: { app, good: { folders: [place.path("good")] } },
			providers: { borgbackup: { destinations: { d: { repo: place.path("repo"), encryption: "none" } } } },
		});
	const restored = async (state: string) => {
		const { code, stdout, stderr } = await place.holdfast(
			"restore",
			"--yes",
			"--service",
			state,
			"borgbackup",
			"latest",
		);
		assert.equal(code, 0, stdout + stderr);
	};

	test("a comment and settings of a PostgreSQL database: all is stored, and comes back", async () => {
		const server = await postgresqlServer();
		server.sql(
			"postgres",
			"CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE DATABASE app OWNER app TEMPLATE template0; ALTER DATABASE app SET work_mem = '5MB'",
		);
		const made = server.as(
			"app",
			"app",
			"SELECT format('COMMENT ON DATABASE app IS %L', repeat('{}', 46080)) \\gexec\nSELECT format('ALTER DATABASE app SET search_path = %s', string_agg('n' || n, ',')) FROM generate_series(1, 4000) n \\gexec",
		);
		assert.equal(made.code, 0, made.stderr);
		const look = () =>
			server.sql(
				"postgres",
				"SELECT md5(shobj_description(d.oid, 'pg_database')), md5(setconfig::text), pg_get_userbyid(datdba) FROM pg_database d JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = 'app'",
			);
		const was = look();
		declare({ dumps: [{ postgresql: "app", host: server.folder, port: server.port }] });
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		server.sql("postgres", "COMMENT ON DATABASE app IS 'other'; ALTER DATABASE app RESET ALL");
		await restored("app");
		assert.equal(look(), was);
	});

	test("links to long paths, as many databases would be: the others are stored", async () => {
		const folders = Array.from({ length: 120 }, (_, index) => {
			const target = place.path(...Array(6).fill("{".repeat(200)), String(index));
			mkdirSync(target, { recursive: true });
			symlinkSync(target, place.path(`link${index}`));
			return place.path(`link${index}`);
		});
		declare({ folders });
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 3, stderr);
		assert.match(stderr, /the description of app for the archive \(databases: 0, folders: 120\) is too long/);
		place.write("good/file", "changed");
		await restored("good");
		assert.equal(readFileSync(place.path("good", "file"), "utf8"), "good");
	});
});

describe("what an archive's description keeps", () => {
	const text = fc.string({
		unit: fc.constantFrom("{", "}", "\u0000", '"', "\\", "ä", "😀", "a"),
		maxLength: 6000,
	});

	test("facts and reasons of any length take no more than their part", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string({ maxLength: 20 }), text, { maxKeys: 8 }), text, (more, reason) => {
				const facts = { ...more, version: 15, owner: "app" };
				const short = shortFacts(facts);
				assert.ok(weightOf(short) <= 2200);
				assert.deepEqual([short.version, short.owner], [15, "app"]);
				if (weightOf(facts) <= 2048) assert.equal(short, facts);
				for (const [name, fact] of Object.entries(short))
					assert.equal(fact, (facts as Record<string, unknown>)[name]);
				assert.ok(weightOf(shortReason(reason)) <= 610);
				if (weightOf(reason) <= 600) assert.equal(shortReason(reason), reason);
			}),
		);
	});

	test("the state that takes the most is told by what a service can make long", () => {
		const dump = (facts: object) => ({ dump: {}, stored: "/d", facts });
		const good = { outcome: "good", folders: ["/a"] } as const;
		assert.equal(longest({ many: { ...good, folders: Array(1000).fill("/folder") } }), undefined);
		const some = { ...good, dumps: [dump({ version: 1 })] };
		assert.equal(
			longest({ a: some, b: { ...good, dumps: [dump({ version: 1, x: "{{{{" })] }, c: good }),
			"b",
		);
		assert.equal(
			longest({ a: some, b: { ...some, outcome: "failed", stored: { "/a": "/b".repeat(99) } } }),
			"a",
		);
	});
});
