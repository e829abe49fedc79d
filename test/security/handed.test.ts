// Files that are passed to a program that runs as nobody: it gets that file, and nothing else through another name of
// it.
import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { redis } from "../../src/databases/redis/redis.ts";
import { copySqlite } from "../../src/databases/sqlite/client.ts";
import { exec } from "../../src/host/exec.ts";
import { openForAnyone } from "../../src/host/handed-file.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const folder = scratch("handed");
const onlyRoot = { skip: isRoot ? false : "only root can be somebody else" };
const quiet = { signal: new AbortController().signal, log: () => {} };

test("a link, a FIFO or a folder is no file; a file that has another name is copied, and stays as it was", async () => {
	const own = join(folder, "own");
	writeFileSync(own, "own", { mode: 0o600 });
	linkSync(own, join(folder, "other"));
	symlinkSync(own, join(folder, "link"));
	mkdirSync(join(folder, "folder"));
	await exec(["mkfifo", join(folder, "fifo")]);
	for (const name of ["link", "folder", "fifo"])
		await assert.rejects(openForAnyone(join(folder, name)), name);
	const handle = await openForAnyone(join(folder, "other"));
	assert.equal(await handle.readFile("utf8"), "own");
	await handle.close();
	assert.equal(statSync(own).mode & 0o777, 0o600);
});

test("what looks into a dump of Redis is nobody, and reads it all the same", onlyRoot, async () => {
	chmodSync(folder, 0o755);
	const dump = join(folder, "dump.rdb");
	writeFileSync(dump, "REDIS0011", { mode: 0o600 });
	const program = join(folder, "redis-check-rdb");
	const seen = join(folder, "seen");
	writeFileSync(seen, "");
	chmodSync(seen, 0o666);
	writeFileSync(program, `#!/bin/sh\ncat "$1" >${seen}\necho "[info] $(id -u) keys read"\n`, { mode: 0o755 });
	const before = process.env.PATH;
	process.env.PATH = `${folder}:${before}`;
	const rows = await redis({ redis: "/var/lib/redis/dump.rdb" })
		.rowsOf(dump, quiet)
		.finally(() => {
			process.env.PATH = before;
		});
	const [uid = 0] = [...rows.values()];
	assert.ok(uid >= 61_184 && uid <= 65_519, String(uid));
	assert.equal(readFileSync(seen, "utf8"), "REDIS0011");
});

test(
	"the copy of a SQLite database that somebody has linked or replaced meanwhile is not read",
	onlyRoot,
	async () => {
		const file = join(folder, "own.sqlite");
		await exec(["sqlite3", file, "CREATE TABLE t (a); INSERT INTO t VALUES (1)"]);
		const question = { doing: "copy it", ...quiet };
		const copied = (more: (copy: string) => string[]) =>
			copySqlite(
				file,
				(copy) => [`VACUUM INTO '${copy}'`, ...more(copy)],
				question,
				() => "read",
			);
		assert.equal(await copied(() => []), "read");
		for (const more of [
			(copy: string) => [`.system ln ${copy} ${copy}.2`],
			(copy: string) => [`.system ln -sf /etc/passwd ${copy}`],
			(copy: string) => [`.system rm ${copy}; mkfifo ${copy}`],
			(copy: string) => [`.system rm ${copy}; mkdir ${copy}`],
		])
			await assert.rejects(
				copied(more),
				/was replaced while it was being created|not a regular file|ELOOP|symbolic/i,
			);
	},
);

test("files that whoever started us has left open reach no program of another user's", onlyRoot, async () => {
	const place = new Place(folder);
	for (const open of [folder, place.folder]) chmodSync(open, 0o755);
	place.write("data/file", "x");
	const secret = place.write("secret", "root's own\n");
	chmodSync(secret, 0o600);
	const seen = place.write("seen", "");
	chmodSync(seen, 0o666);
	const script = `echo began >>${seen}; for fd in 9 20 251; do { cat <&$fd >>${seen}; } 2>/dev/null || true; done`;
	place.declare({
		state: { s: { folders: [place.path("data")], hooks: { preBackup: { script, user: "nobody" } } } },
	});
	const { ended } = place.start(
		["create", "--json"],
		["bash", "-c", `exec "$@" 9<${secret} 20<${secret} 251<${secret}`, "bash"],
	);
	const { code, stderr } = await ended;
	assert.equal(code, 0, stderr);
	assert.equal(readFileSync(seen, "utf8"), "began\n");
});
