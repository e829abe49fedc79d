// The journal works across versions: one in an older format is migrated, one of a newer version is left alone.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Journal } from "../../src/run/journal.ts";
import type { Plan } from "../../src/steps/plan.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("journal");

/** The tables as version 1 created them. */
const VERSION_1 = `
CREATE TABLE run (id TEXT PRIMARY KEY, operation TEXT NOT NULL, machine TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, outcome TEXT, plan TEXT NOT NULL, summary TEXT);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run (id), step TEXT NOT NULL, phase TEXT NOT NULL, time TEXT NOT NULL, data TEXT);
CREATE INDEX entry_run ON entry (run);
CREATE TABLE log (seq INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, time TEXT NOT NULL, line TEXT NOT NULL);
CREATE INDEX log_run ON log (run);
CREATE TABLE destination (location TEXT PRIMARY KEY, first_seen TEXT NOT NULL);
PRAGMA user_version = 1;
`;

const plan: Plan = {
	version: 1,
	run: "r1",
	operation: "create",
	manifest: { version: 1, machine: "web01", state: {}, providers: {} },
	steps: [],
	goals: [],
};

test("a journal of version 1 keeps its runs, and learns what later ones can", () => {
	const old = join(folder, "old");
	mkdirSync(old);
	const db = new DatabaseSync(join(old, "journal.sqlite"));
	db.exec(VERSION_1);
	db.prepare(
		"INSERT INTO run (id, operation, machine, started, plan) VALUES ('r1', 'create', 'web01', '2026-01-01T00:00:00Z', ?)",
	).run(JSON.stringify(plan));
	db.prepare(
		"INSERT INTO entry (run, step, phase, time, data) VALUES ('r1', 'create:a/b', 'done', 'x', ?)",
	).run(JSON.stringify({ archive: "b::/x::web01-r1", bytes: 123 }));
	db.close();

	const journal = Journal.open(old);
	assert.deepEqual(journal.open(), [plan]);
	const made = {
		id: "b::/x::web01-r1",
		name: "web01-r1",
		provider: "a",
		destination: "b",
		metadata: { version: 1, machine: "web01", run: "r1", created: "x", manifest: "/m", states: {} },
		bytes: 123,
		digests: { "/dump": "00" },
	};
	journal.made({ ...made, location: "/x" });
	assert.deepEqual(journal.archive(made.id), made);
	assert.ok(journal.knows("/x"));
	journal.keep({ run: "r1", state: "notes", until: "2030-01-01T00:00:00Z", places: [], databases: [] });
	assert.equal(journal.kept()[0]?.state, "notes");
	journal.close();
	Journal.open(old).close();
});

test("a journal of a newer version is refused, and not touched", () => {
	const newer = join(folder, "newer");
	Journal.open(newer).close();
	const db = new DatabaseSync(join(newer, "journal.sqlite"));
	db.exec("PRAGMA user_version = 99");
	db.close();
	assert.throws(() => Journal.open(newer), /was written by a newer version of Holdfast/);
});

test("runs are in the order in which they began, also when the clock has jumped back", (context) => {
	const journal = Journal.open(join(folder, "clock"));
	context.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-06-01T00:00:00Z") });
	journal.begin({ ...plan, run: "first" });
	context.mock.timers.setTime(Date.parse("2020-01-01T00:00:00Z"));
	journal.begin({ ...plan, run: "second" });
	assert.deepEqual(
		journal.open().map(({ run }) => run),
		["second", "first"],
	);
	journal.close();
});

test("nobody else can read it", () => {
	const place = join(folder, "private");
	Journal.open(place).close();
	assert.equal(statSync(place).mode & 0o777, 0o700);
	assert.equal(statSync(join(place, "journal.sqlite")).mode & 0o777, 0o600);
});

test("who only reads a journal changes nothing of it, and makes none", () => {
	const absent = join(folder, "absent");
	{
		using journal = Journal.read(absent);
		assert.deepEqual(journal.runs(10), []);
	}
	assert.equal(existsSync(absent), false);
	const old = join(folder, "read");
	mkdirSync(old);
	const file = join(old, "journal.sqlite");
	const db = new DatabaseSync(file);
	db.exec(VERSION_1);
	db.prepare(
		"INSERT INTO run (id, operation, machine, started, plan) VALUES ('r1', 'create', 'web01', '2026-01-01T00:00:00Z', ?)",
	).run(JSON.stringify(plan));
	db.close();
	const before = readFileSync(file);
	{
		using journal = Journal.read(old);
		assert.deepEqual(
			journal.runs(10).map(({ id }) => id),
			["r1"],
		);
		assert.deepEqual(journal.archives("web01"), [], "as a later version asks it");
	}
	assert.deepEqual(readFileSync(file), before);
	assert.deepEqual(readdirSync(old), ["journal.sqlite"]);
});

test("a check that was interrupted has found nothing out of what it had not come to: the one before counts", () => {
	const journal = Journal.open(join(folder, "interrupted"));
	const scopes = ["a/one", "a/two", "a/three"].map((path) => `destination:${path}`);
	const checked = (run: string, outcome: "partial" | "interrupted", codes: readonly string[]) => {
		journal.begin({ ...plan, run, operation: "check", goals: scopes });
		const failures = codes.flatMap((code, at) =>
			code === "" ? [] : [{ scope: scopes[at], error: { code, message: `${code} in ${run}` } }],
		);
		journal.end(run, outcome, { outcome, failures });
	};
	const told = () =>
		journal.failedUpkeep("web01").map(({ destination, message }) => `${destination}: ${message}`);
	checked("r1", "partial", ["archive-damaged", "", ""]);
	checked("r2", "interrupted", ["interrupted", "archive-damaged", ""]);
	assert.deepEqual(told().sort(), ["a/one: archive-damaged in r1", "a/two: archive-damaged in r2"]);
	checked("r3", "partial", ["", "", ""]);
	assert.deepEqual(told(), []);
});
