// The part of a provider's contract about what it tells of an archive's entries.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, readlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Entry } from "../../src/engines/archive.ts";
import { below } from "../../src/values/patterns.ts";
import { type Bench, metadataOf, quiet } from "./fixtures.ts";

export function tellsContents(setUp: () => Bench): void {
	test("contents tells times in the hour that comes twice when summer ends", async () => {
		const { source, destination, roots } = setUp();
		const times = ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"].map((time) => new Date(time));
		for (const time of times) {
			writeFileSync(join(source, time.toISOString()), "");
			utimesSync(join(source, time.toISOString()), time, time);
		}
		const before = process.env.TZ;
		process.env.TZ = "Europe/Berlin";
		try {
			await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
			const told = new Map<string, Entry>();
			await destination.contents("a", [source], (entry) => told.set(entry.path, entry), quiet);
			for (const time of times)
				assert.equal(told.get(join(source, time.toISOString()))?.mtime, time.getTime(), time.toISOString());
		} finally {
			if (before === undefined) delete process.env.TZ;
			else process.env.TZ = before;
		}
	});

	test("contents tells every entry as it is on disk, once where roots are nested, and sizeOf at least their bytes", async () => {
		const { source, destination } = setUp();
		const paths = [source, join(source, "names")];
		const roots = paths.map((path) => ({ path, exclude: path === source ? below(source, "names") : [] }));
		await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		const told = new Map<string, Entry>();
		let count = 0;
		const tell = (entry: Entry) => {
			count++;
			told.set(entry.path, entry);
		};
		await destination.contents("a", paths, tell, quiet);
		assert.equal(count, told.size);
		let bytes = 0;
		for (const path of execFileSync("find", [source, "-print0"], { encoding: "utf8" })
			.split("\0")
			.slice(0, -1)) {
			const stat = lstatSync(path);
			if (stat.isSocket()) continue;
			const entry = told.get(path);
			assert.ok(entry, path);
			told.delete(path);
			assert.equal(entry.mode, stat.mode & 0o7777, path);
			assert.deepEqual([entry.uid, entry.gid], [stat.uid, stat.gid], path);
			if (stat.isSymbolicLink()) assert.equal(entry.link, readlinkSync(path));
			if (!stat.isFile()) continue;
			assert.equal(entry.type, "-");
			assert.ok(Math.abs(entry.mtime - stat.mtimeMs) <= 1, path);
			if (entry.size !== undefined) assert.equal(entry.size, stat.size, path);
			bytes += entry.size === undefined || path.endsWith("/sparse") ? 0 : stat.size;
		}
		assert.deepEqual([...told.keys()], []);
		assert.ok(((await destination.sizeOf("a", [source], quiet)) ?? 0) >= bytes);
	});
}
