// What archives, journals and the config share: the names of dumps, and which declared dump matches one in an
// archive.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import {
	covers,
	type Dump,
	dumpFile,
	dumpLabel,
	dumpSchema,
	liveFiles,
	withDatabase,
} from "../../src/databases/dump.ts";
import { DATABASES } from "../../src/databases/list.ts";
import { databaseNamed } from "../../src/databases/question.ts";

test("the file name of a dump is what every archive has", () => {
	const names: [Dump, string][] = [
		[{ postgresql: "app" }, "postgresql-app.dump"],
		[{ postgresql: "*" }, "postgresql-*.dump"],
		[{ postgresql: "a/b c" }, "postgresql-a%2Fb%20c.dump"],
		[
			{ postgresql: "app", user: "me", except: ["x"], excludeTableData: ["t"], port: 5433, host: "/run/pg" },
			"postgresql-%2Frun%2Fpg-5433-app.dump",
		],
		[
			{ port: 1, pgService: "old", host: "db.example", postgresql: "app" },
			"postgresql-old-db.example-1-app.dump",
		],
		[{ mariadb: "shop" }, "mariadb-shop.dump"],
		[
			{ mariadb: "größe", user: "root", defaultsFile: "/etc/my.cnf", socket: "/run/my.sock" },
			"mariadb-%2Frun%2Fmy.sock-%2Fetc%2Fmy.cnf-gr%C3%B6%C3%9Fe.dump",
		],
		[{ sqlite: "/srv/app/my.db" }, "sqlite-%2Fsrv%2Fapp%2Fmy.db.dump"],
		[
			{ redis: "/var/lib/redis/dump.rdb", port: 6380, socket: "/run/r.sock", passwordFile: "/etc/p" },
			"redis-%2Fvar%2Flib%2Fredis%2Fdump.rdb.dump",
		],
	];
	for (const [dump, name] of names) assert.equal(dumpFile(dump), name);
});

test("a dump is called by its kind and its database", () => {
	assert.equal(dumpLabel({ postgresql: "app" }), "PostgreSQL database app");
	assert.equal(dumpLabel({ postgresql: "*" }), "PostgreSQL databases");
	assert.equal(dumpLabel({ mariadb: "*", socket: "/run/my.sock" }), "MariaDB databases");
	assert.equal(dumpLabel({ sqlite: "/srv/app/my.db" }), "SQLite database /srv/app/my.db");
	assert.equal(dumpLabel({ redis: "/srv/redis/dump.rdb" }), "Redis database /srv/redis/dump.rdb");
});

test("files of a running database stand beside its own", () => {
	assert.deepEqual(liveFiles({ postgresql: "app" }), []);
	assert.deepEqual(liveFiles({ sqlite: "/srv/my.db" }), [
		"/srv/my.db",
		"/srv/my.db-wal",
		"/srv/my.db-shm",
		"/srv/my.db-journal",
	]);
	assert.deepEqual(liveFiles({ redis: "/srv/redis/dump.rdb" }), [
		"/srv/redis/dump.rdb",
		"/srv/redis/appendonlydir",
		"/srv/redis/appendonly.aof",
	]);
});

test("a declared dump stands for those of its server, but the ones that it leaves out", () => {
	const all: Dump = { postgresql: "*", port: 5433, except: ["other"] };
	assert.ok(covers(all, { postgresql: "app", port: 5433 }));
	assert.ok(!covers(all, { postgresql: "app" }));
	assert.ok(!covers(all, { postgresql: "other", port: 5433 }));
	assert.ok(!covers(all, { sqlite: "/srv/app" }));
	assert.ok(!covers({ postgresql: "*" }, { mariadb: "app" }));
	assert.ok(covers({ postgresql: "app", user: "me" }, { postgresql: "app" }));
	assert.ok(covers({ redis: "/srv/dump.rdb", port: 1 }, { redis: "/srv/dump.rdb" }));
	assert.deepEqual(withDatabase(all, "app"), { port: 5433, postgresql: "app" });
});

test("each kind reads its own dumps, and no other does", () => {
	const program = { command: ["cat", "/srv/app"], timeout: 60 };
	const stores = { command: { command: program, load: program, name: "app" } };
	for (const kind of DATABASES) {
		const { key, schema } = kind;
		const dump: Dump =
			kind.kind === "store" ? stores[kind.key] : kind.named(kind.kind === "file" ? "/srv/app/file" : "app");
		const read = DATABASES.filter((one) => v.safeParse(one.schema, dump).success).map((one) => one.key);
		assert.deepEqual(read, [key]);
		assert.deepEqual(v.parse(schema, dump), dump);
	}
	const { issues } = v.safeParse(dumpSchema, {});
	assert.match(
		issues?.[0]?.message ?? "",
		/^a dump must be \{ postgresql \}, \{ mariadb \}, .* or \{ \w+ \}$/,
	);
});

test("a question is put to the server that the state's dumps name, a database by name before one of all", () => {
	const dumps: Dump[] = [
		{ sqlite: "/srv/app.db" },
		{ mariadb: "*", socket: "/run/my.sock", except: ["other"] },
		{ mariadb: "shop", user: "me" },
		{ postgresql: "*", port: 5433 },
	];
	assert.deepEqual(databaseNamed("shop", dumps), { mariadb: "shop", user: "me" });
	assert.deepEqual(databaseNamed("app", dumps), { postgresql: "app", port: 5433 });
	assert.deepEqual(databaseNamed("app", dumps.slice(0, 2)), { mariadb: "app", socket: "/run/my.sock" });
	assert.deepEqual(databaseNamed("other", dumps.slice(0, 2)), { postgresql: "other" });
	assert.deepEqual(databaseNamed("app", []), { postgresql: "app" });
});
