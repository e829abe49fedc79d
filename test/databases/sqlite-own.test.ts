// SQLite databases whose indexes and columns need something that only their application provides: sqlite3 alone
// cannot rebuild them.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("sqlite-own");

/** The application: what it adds to SQLite before it runs a script. */
const APPLICATION = `import sqlite3, sys, time, os
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.create_collation("THEIRS", lambda a, b: (a > b) - (a < b))
db.create_function("theirs", 1, lambda a: str(a)[::-1], deterministic=True)
`;
const ASK = `print(db.execute("PRAGMA integrity_check").fetchall(), db.execute("SELECT * FROM t ORDER BY b").fetchall(), db.execute("PRAGMA journal_mode").fetchall())`;

const KINDS = {
	"an index in a collation of its own":
		"CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a COLLATE THEIRS)",
	"a column in a collation of its own, that is the key":
		"CREATE TABLE t (a TEXT COLLATE THEIRS PRIMARY KEY, b TEXT) WITHOUT ROWID",
	"an index by a function of its own": "CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (theirs(a))",
	"a part index by a function of its own":
		"CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a) WHERE theirs(b) > 'a'",
	"a column made by a function of its own": "CREATE TABLE t (a TEXT, b TEXT, c TEXT AS (theirs(a)) STORED)",
	"a check by a function of its own": "CREATE TABLE t (a TEXT, b TEXT CHECK (theirs(b) <> 'x'))",
};

for (const journal of ["delete", "wal"])
	test(`whatever they need, they are backed up and come back, in ${journal} mode and while they are used${journal === "wal" ? "" : " [long]"}`, async () => {
		const place = new Place(below);
		mkdirSync(place.path("own"));
		const files = Object.keys(KINDS).map((_, index) => place.path("own", `${index}.db`));
		const run = (file: string, script: string) =>
			execFileSync("python3", ["-c", APPLICATION + script, file], { encoding: "utf8" });
		for (const [index, statements] of Object.values(KINDS).entries())
			run(
				files[index] ?? "",
				`db.execute("PRAGMA journal_mode=${journal}"); db.executescript("""${statements}""")
db.execute("BEGIN")
for n in range(200): db.execute("INSERT INTO t (a, b) VALUES (?, ?)", (f"a{n}", f"b{n}"))
db.execute("COMMIT")`,
			);
		// Its last row is only in the -wal.
		const ready = place.path("ready");
		const user = spawn("python3", [
			"-c",
			`${APPLICATION}
for n in range(${files.length}):
    one = sqlite3.connect(sys.argv[2 + n], isolation_level=None)
    one.create_collation("THEIRS", lambda a, b: (a > b) - (a < b)); one.create_function("theirs", 1, lambda a: str(a)[::-1], deterministic=True)
    one.execute("PRAGMA wal_autocheckpoint=0"); one.execute("INSERT INTO t (a, b) VALUES ('last', 'last')"); globals()[f"o{n}"] = one
open("${ready}", "w").close(); time.sleep(60)`,
			":memory:",
			...files,
		]);
		try {
			while (!existsSync(ready)) await pause(20);
			place.declare({
				state: { s: { folders: [place.path("own")], dumps: files.map((sqlite) => ({ sqlite })) } },
			});
			const wanted = files.map((file) => run(file, ASK));
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, 0, stderr);
			assert.match(
				stderr,
				/! the database .*0\.db was copied page by page, because .*no such collation sequence: THEIRS/,
			);
			user.kill("SIGKILL");
			for (const file of files) run(file, `db.execute("DELETE FROM t")`);
			const restore = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(restore.code, 0, restore.stderr);
			assert.deepEqual(
				files.map((file) => run(file, ASK)),
				wanted,
			);
		} finally {
			user.kill("SIGKILL");
		}
	});

test("one that is damaged is not copied as it is", async () => {
	const place = new Place(below);
	mkdirSync(place.path("own"));
	const file = place.path("own/app.db");
	execFileSync("sqlite3", [
		file,
		"CREATE TABLE t (a); INSERT INTO t SELECT randomblob(500) FROM generate_series(1, 2000)",
	]);
	truncateSync(file, 8192);
	place.declare({ state: { s: { folders: [place.path("own")], dumps: [{ sqlite: file }] } } });
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 1, stderr);
	assert.match(stderr, /malformed/);
});
