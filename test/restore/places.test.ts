// Folders that are not plain: symlinks, and states within another's folder.
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { backedUp, succeeds } from "./backed-up.ts";

describe("a folder that is a symlink", () => {
	const linked = (place: Place) => {
		place.write("private/app/file", "old");
		mkdirSync(place.path("own"));
		symlinkSync("../private/app", place.path("own/app"));
	};

	test("is stored with what it leads to, and restored there; the link stays", async () => {
		const { place } = await backedUp(
			(place) => ({
				s: { folders: [place.path("own/app")], exclude: ["*.tmp", `${place.path("own/app")}/cache`] },
			}),
			(place) => {
				linked(place);
				place.write("private/app/cache/x", "excluded by its declared path");
				place.write("private/app/a.tmp", "excluded by its name");
			},
		);
		place.write("private/app/file", "newer");
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.ok(lstatSync(place.path("own/app")).isSymbolicLink());
		assert.equal(readFileSync(place.path("own/app/file"), "utf8"), "old");
		assert.deepEqual(readdirSync(place.path("private/app")), ["file"]);
		assert.deepEqual(readdirSync(place.path("private")), ["app"]);
	});

	test("comes back where it led to, though that is gone", async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/app")] } }), linked);
		rmSync(place.path("private"), { recursive: true });
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("own/app/file"), "utf8"), "old");
	});

	test("comes back as a folder where the link is gone", async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/app")] } }), linked);
		rmSync(place.path("own/app"));
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("own/app/file"), "utf8"), "old");
	});
});

describe("a state within another's folder", () => {
	const states = (place: Place, hooks = {}) => ({
		outer: { folders: [place.path("own/outer")], hooks },
		inner: { folders: [place.path("own/outer/deep/inner")] },
	});
	const fill = (place: Place) => {
		place.write("own/outer/file", "old outer");
		place.write("own/outer/deep/inner/file", "old inner");
	};

	test("is not changed by a restore of the outer one, nor the outer one by its own", async () => {
		const { place, areas } = await backedUp(states, fill);
		place.write("own/outer/file", "newer outer");
		place.write("own/outer/deep/inner/file", "newer inner");
		const inode = lstatSync(place.path("own/outer/deep/inner")).ino;
		await succeeds(place, "restore", "--yes", "--service", "outer", "tar", "latest");
		assert.equal(readFileSync(place.path("own/outer/file"), "utf8"), "old outer");
		assert.equal(readFileSync(place.path("own/outer/deep/inner/file"), "utf8"), "newer inner");
		assert.equal(lstatSync(place.path("own/outer/deep/inner")).ino, inode);

		place.write("own/outer/file", "newest outer");
		await succeeds(place, "restore", "--yes", "--service", "inner", "tar", "latest");
		assert.equal(readFileSync(place.path("own/outer/file"), "utf8"), "newest outer");
		assert.equal(readFileSync(place.path("own/outer/deep/inner/file"), "utf8"), "old inner");
		assert.deepEqual(areas(), []);
	});

	test("is where it was when the outer one's restore fails", async () => {
		const { place, own } = await backedUp(states, fill);
		place.write("own/outer/file", "newer outer");
		place.declare({ state: states(place, { postRestore: "exit 1" }) });
		const before = own();
		const { code } = await place.holdfast("restore", "--yes", "--service", "outer", "tar", "latest");
		assert.equal(code, 1);
		assert.deepEqual(own(), before);
	});

	test("that an older archive held as the outer one's is not taken from it", async () => {
		const { place } = await backedUp((place) => ({ outer: { folders: [place.path("own/outer")] } }), fill);
		place.declare({ state: states(place) });
		place.write("own/outer/deep/inner/file", "newer inner");
		await succeeds(place, "restore", "--yes", "--service", "outer", "tar", "latest");
		assert.equal(readFileSync(place.path("own/outer/deep/inner/file"), "utf8"), "newer inner");
	});
});
