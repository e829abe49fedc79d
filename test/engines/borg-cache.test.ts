// borg's own cache of a repository, as a full disk or a power failure leaves it: a broken cache stops nothing.
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isCacheFault } from "../../src/engines/borgbackup/broken-cache.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("borg-cache");

const DAMAGE: Readonly<Record<string, (cache: string) => void>> = {
	"an empty config": (cache) => truncateSync(join(cache, "config")),
	"no config": (cache) => rmSync(join(cache, "config")),
	"a cut index of chunks": (cache) => truncateSync(join(cache, "chunks")),
	"an index of chunks that is garbage": (cache) => writeFileSync(join(cache, "chunks"), "x".repeat(300)),
};

test("borg: a create, a list and a restore go on when borg's cache is broken", async () => {
	const place = new Place(folder);
	place.declare({
		state: { s: { folders: [place.path("data")] } },
		providers: { borgbackup: { destinations: { disk: { repo: place.path("repo"), encryption: "none" } } } },
	});
	place.write("data/file", "content");
	assert.equal((await place.holdfast("create")).code, 0);
	const caches = place.path("cache/borg");
	const [id = ""] = readdirSync(caches).filter((name) => /^[0-9a-f]{64}$/.test(name));
	const whole = place.path("whole");
	let archives = 1;
	for (const [what, damage] of Object.entries(DAMAGE)) {
		const cache = join(caches, id);
		assert.ok(existsSync(join(cache, "config")), "the last create made it again");
		rmSync(whole, { recursive: true, force: true });
		cpSync(cache, whole, { recursive: true });
		damage(cache);
		const listed = await place.holdfast("list", "--json");
		assert.equal(listed.code, 0, `list with ${what}: ${listed.stderr}`);
		assert.equal(JSON.parse(listed.stdout).archives.length, archives++, what);
		rmSync(cache, { recursive: true, force: true });
		cpSync(whole, cache, { recursive: true });
		damage(cache);
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, `create with ${what}: ${stderr}`);
		assert.doesNotMatch(stderr, /✘/);
	}
	assert.equal((await place.holdfast("restore", "--yes", "borgbackup", "latest")).code, 0);
});

test("what fails in the repository is not taken for a fault of the cache", () => {
	const frame = (file: string) => `  File "/usr/lib/python3/dist-packages/borg/${file}", line 1, in x`;
	assert.ok(isCacheFault([frame("archiver.py"), frame("cache.py"), "NoSectionError: No section: 'cache'"]));
	assert.ok(isCacheFault([frame("cache.py"), '  File "src/borg/hashindex.pyx", line 1, in read']));
	assert.ok(!isCacheFault([frame("archiver.py"), frame("cache.py"), frame("repository.py")]));
	assert.ok(!isCacheFault([frame("cache.py"), frame("remote.py")]));
	assert.ok(!isCacheFault([frame("archiver.py"), frame("repository.py")]));
	assert.ok(!isCacheFault(["the passphrase is wrong"]));
});
