// A disk that was mounted by hand, and no longer is: no fstab or unit knows it, but the last backup was written to
// it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const folder = scratch("unmounted");

const AT: Readonly<Record<string, (disk: string, place: Place) => object>> = {
	tar: (path) => ({ path }),
	localbackup: (directory) => ({ directory }),
	borgbackup: (repo) => ({ repo, encryption: "none" }),
	restic: (repo, place) => ({ repo, passphraseFile: place.write("secret", "x\n") }),
};

for (const [engine, destination] of Object.entries(AT))
	test(`${engine}: nothing is written to the folder below`, {
		skip: isRoot ? false : "only root can mount",
	}, async () => {
		const place = new Place(folder);
		const disk = place.path("disk");
		mkdirSync(disk);
		place.write("own/file", "x");
		const declare = (more: object = {}) =>
			place.declare({
				state: { s: { folders: [place.path("own")] } },
				providers: {
					engine: { type: engine, destinations: { d: { ...destination(disk, place), ...more } } },
				},
			});
		declare();
		execFileSync("mount", ["-t", "tmpfs", "none", disk]);
		try {
			const first = await place.holdfast("create");
			assert.equal(first.code, 0, first.stderr);
		} finally {
			execFileSync("umount", [disk]);
		}
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 1, stderr);
		assert.match(
			stderr,
			/no file system is mounted at .*disk, but one was when|existed before and is now missing/,
		);
		assert.deepEqual(readdirSync(disk), []);
		const recovered = await place.holdfast("recover");
		assert.doesNotMatch(recovered.stdout + recovered.stderr, /still to do/, "nothing was written");
		if (engine !== "tar" && engine !== "localbackup") return;
		declare({ mountpoint: false });
		assert.equal((await place.holdfast("create")).code, 0);
		declare();
		assert.equal((await place.holdfast("create")).code, 0, "it is where it was last time");
		assert.ok(readdirSync(join(disk)).length > 0);
	});

test("a disk that is elsewhere now is named in the config, and a folder that is bound onto itself is no disk", {
	skip: isRoot ? false : "only root can mount",
}, async () => {
	const place = new Place(folder);
	place.write("own/file", "x");
	const above = place.path("at");
	const path = join(above, "archives");
	mkdirSync(path, { recursive: true });
	const declare = (more: object = {}) =>
		place.declare({
			state: { s: { folders: [place.path("own")] } },
			providers: { tar: { destinations: { d: { path, ...more } } } },
		});
	declare();
	const bound = await place.holdfastAfter(`mount --bind "${path}" "${path}"`, "create");
	assert.equal(bound.code, 0, bound.stderr);
	assert.equal((await place.holdfast("create")).code, 0);
	const inner = await place.holdfastAfter(`mount -t tmpfs none "${path}"`, "create");
	assert.equal(inner.code, 0, inner.stderr);
	const moved = `mount -t tmpfs none "${above}"; mkdir "${path}"`;
	const refused = await place.holdfastAfter(moved, "create");
	assert.equal(refused.code, 1, refused.stderr);
	assert.match(refused.stderr, new RegExp(`is in the right place now.*mountpoint: ${above}$`, "m"));
	declare({ mountpoint: above });
	const { code, stderr } = await place.holdfastAfter(moved, "create");
	assert.equal(code, 0, stderr);
});
