// A disk that was mounted by hand, and is not any more: no fstab or unit knows of it, but the last backup was written to it.
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
			/no file system is mounted at .*disk, as there was when|was there before and is gone/,
		);
		assert.deepEqual(readdirSync(disk), []);
		if (engine !== "tar" && engine !== "localbackup") return;
		declare({ mountpoint: false });
		assert.equal((await place.holdfast("create")).code, 0);
		declare();
		assert.equal((await place.holdfast("create")).code, 0, "it is where it was last time");
		assert.ok(readdirSync(join(disk)).length > 0);
	});
