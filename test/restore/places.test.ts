// Folders that are not plain: symlinks, and states within another's folder.
import assert from "node:assert/strict";
import {
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { isRoot } from "../support/tree.ts";
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

	test("those that an older archive held as the outer one's are put by, whatever their paths", async () => {
		const long = "n".repeat(120);
		const inner = ["own/outer/x/y", "own/outer/x-y", `own/outer/${long}/${long}`];
		const { place, areas } = await backedUp(
			(place) => ({ outer: { folders: [place.path("own/outer")] } }),
			(place) => inner.forEach((name) => void place.write(`${name}/file`, "old")),
		);
		place.declare({
			state: {
				outer: { folders: [place.path("own/outer")] },
				inner: { folders: inner.map((name) => place.path(name)) },
			},
		});
		for (const name of inner) place.write(`${name}/file`, "newer");
		await succeeds(place, "restore", "--yes", "--service", "outer", "tar", "latest");
		for (const name of inner) assert.equal(readFileSync(place.path(`${name}/file`), "utf8"), "newer");
		assert.deepEqual(areas(), []);
	});

	test("that an older archive held as the outer one's is not taken from it", async () => {
		const { place } = await backedUp((place) => ({ outer: { folders: [place.path("own/outer")] } }), fill);
		place.declare({ state: states(place) });
		place.write("own/outer/deep/inner/file", "newer inner");
		await succeeds(place, "restore", "--yes", "--service", "outer", "tar", "latest");
		assert.equal(readFileSync(place.path("own/outer/deep/inner/file"), "utf8"), "newer inner");
	});
});

describe("a path in a state that is a link, or is behind one", () => {
	const own = (place: Place) => ({ s: { folders: [place.path("own")] } });
	const sites = (place: Place) => {
		place.write("own/available/site", "old");
		mkdirSync(place.path("own/enabled"));
		symlinkSync("../available/site", place.path("own/enabled/site"));
		symlinkSync(place.write("elsewhere/file", "not ours"), place.path("own/out"));
	};
	const restored = (place: Place, path: string) =>
		place.holdfast("restore", "--yes", "--path", place.path(path), "tar", "latest");

	test("the link is what is restored, and what it leads to stays as it is", async () => {
		const { place } = await backedUp(own, sites);
		writeFileSync(place.path("own/available/site"), "newer");
		for (const [link, to] of [
			["own/enabled/site", "../available/site"],
			["own/out", place.path("elsewhere/file")],
		] as const) {
			for (const now of ["as it was", "another", "a file", "gone"]) {
				if (now !== "as it was") rmSync(place.path(link));
				if (now === "another") symlinkSync(place.path("elsewhere"), place.path(link));
				if (now === "a file") writeFileSync(place.path(link), "a file");
				const { code, stderr } = await restored(place, link);
				assert.equal(code, 0, stderr);
				assert.equal(readlinkSync(place.path(link)), to, now);
			}
		}
		assert.equal(readFileSync(place.path("own/available/site"), "utf8"), "newer");
		assert.equal(readFileSync(place.path("elsewhere/file"), "utf8"), "not ours");
		assert.deepEqual(readdirSync(place.path("elsewhere")), ["file"]);
	});

	test("what a link has replaced comes back in its place", async () => {
		const { place } = await backedUp(own, sites);
		rmSync(place.path("own/available"), { recursive: true });
		symlinkSync(place.path("elsewhere"), place.path("own/available"));
		const { code, stderr } = await restored(place, "own/available");
		assert.equal(code, 0, stderr);
		assert.ok(lstatSync(place.path("own/available")).isDirectory());
		assert.deepEqual(readdirSync(place.path("elsewhere")), ["file"]);
	});

	test("what is behind a link is refused, with the link", async () => {
		const { place } = await backedUp(own, sites);
		symlinkSync("available", place.path("own/current"));
		const { code, stderr } = await restored(place, "own/current/site");
		assert.equal(code, 2, stderr);
		assert.match(stderr, /own\/current is a symbolic link, so site is not inside this folder/);
		assert.match(stderr, /name a path without a link in it, or the link itself/);
	});
});

test("a folder that is a link to the system's now is not restored; one that is elsewhere is, and it is said", {
	skip: isRoot ? false : "needs root",
}, async () => {
	const { place } = await backedUp(
		(place) => ({ s: { folders: [place.path("wiki")] } }),
		(place) => place.write("wiki/page", "old"),
	);
	rmSync(place.path("wiki"), { recursive: true });
	for (const system of ["/usr", "/usr/lib", "/var/lib"]) {
		symlinkSync(system, place.path("wiki"));
		// A dry run only: what this test is about must not happen to the machine that it runs on.
		const { code, stderr } = await place.holdfast("restore", "--dry-run", "tar", "latest");
		assert.equal(code, 1, stderr);
		assert.match(stderr, new RegExp(`wiki is ${system} now, behind a link.*belongs to the system`));
		rmSync(place.path("wiki"));
	}
	place.write("disk/wiki/page", "moved");
	symlinkSync(place.path("disk/wiki"), place.path("wiki"));
	const { stderr } = await succeeds(place, "restore", "--yes", "tar", "latest");
	assert.match(stderr, /wiki is .*disk\/wiki now, behind a link, and was not when it was backed up/);
	assert.equal(readFileSync(place.path("disk/wiki/page"), "utf8"), "old");
});
