// A service's user replaces their SQLite database with links, pipes and folders while root backs it up and restores
// it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lchownSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { guarded } from "./hostile.ts";

import { flipping, nothingOfRoots, onlyRoot, ROUNDS, setUp, USER } from "./swapped.ts";

describe("a SQLite file of the user's", onlyRoot, () => {
	const state = (home: string) => ({ dumps: [{ sqlite: join(home, "up/app/db.sqlite") }] });
	const sqlite = (file: string, sql: string) => execFileSync("sqlite3", [file, sql], { encoding: "utf8" });
	const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

	/** The state's folder, with a database in it, and one of root's outside. */
	function withDatabases() {
		const { place, home, outside } = setUp("tar");
		const [own, roots] = [join(home, "up/app/db.sqlite"), join(outside, "db.sqlite")];
		rmSync(roots);
		for (const [file, value] of [
			[own, "the user's"],
			[roots, "root's own"],
		] as const)
			sqlite(file, `CREATE TABLE t (text); INSERT INTO t VALUES (${literal(value)})`);
		chmodSync(roots, 0o600);
		execFileSync("chown", [`${USER}:${USER}`, own]);
		place.declare({ state: { app: { folders: [join(home, "up/app")], ...state(home) } } });
		return { place, home, outside, own, roots, before: guarded(outside) };
	}

	test("what its owner has told sqlite3 to run at its start is not run", async () => {
		const { place, home, own, outside, before } = withDatabases();
		const ran = join(home, "ran");
		for (const at of [home, join(home, "up/app")])
			writeFileSync(join(at, ".sqliterc"), `.shell touch ${ran}\n.output ${ran}\n`);
		// The machine knows the user, whose home this is.
		const passwd = execFileSync("getent", ["passwd"], { encoding: "utf8" }).replace(
			/^(nobody:.*):[^:]*:([^:]*)$/m,
			`$1:${home}:$2`,
		);
		const script = `mount --bind ${place.write("passwd", passwd)} /etc/passwd`;
		const created = await place.holdfastAfter(script, "create");
		assert.equal(created.code, 0, created.stderr);
		await place.holdfastAfter(script, "diff", "tar", "latest");
		await place.holdfast("diff", "tar", "latest");
		assert.equal(existsSync(ran), false);
		assert.equal(guarded(outside), before);
		assert.match(sqlite(own, "SELECT text FROM t"), /the user's/);
	});

	test("it is a link to one of root's, or becomes one", async () => {
		const { place, own, roots, outside, before } = withDatabases();
		await place.holdfast("create");
		renameSync(own, `${own}.kept`);
		symlinkSync(roots, own);
		lchownSync(own, USER, USER);
		assert.equal((await place.holdfast("create")).code, 1);
		rmSync(own);
		renameSync(`${own}.kept`, own);
		await flipping(["link", own, roots], async () => {
			for (let round = 0; round < 3 * ROUNDS; round++) {
				await place.holdfast("create");
				await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				await place.holdfast("diff", "--service", "app", "tar", "latest");
				await place.holdfast("recover");
				assert.equal(guarded(outside), before);
			}
		});
		await nothingOfRoots(place, "tar");
	});

	test("its folder becomes a link to root's after it was dumped", async () => {
		const { place, home, outside, before } = withDatabases();
		await place.holdfast("create");
		await flipping(["link", join(home, "up/app"), outside], async () => {
			for (let round = 0; round < 2 * ROUNDS; round++) {
				await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				await place.holdfast("recover");
				assert.equal(guarded(outside), before);
			}
		});
	});

	test("a FIFO, a folder or a device in its place is an error, and nobody waits for it", async () => {
		const { place, own } = withDatabases();
		for (const make of [
			["mkfifo", own],
			["mkdir", own],
			["mknod", own, "c", "1", "3"],
		]) {
			rmSync(own, { recursive: true });
			execFileSync(make[0] ?? "", make.slice(1));
			const created = await place.holdfast("create");
			assert.equal(created.code, 1);
			assert.match(created.stderr, /is not a regular file/);
		}
	});
});
