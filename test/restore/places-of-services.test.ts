// What a service does to its own folder, to one above, or around another's: links in their places, and folders that are moved away.
import assert from "node:assert/strict";
import {
	chownSync,
	lchownSync,
	lstatSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { isRoot } from "../support/tree.ts";
import { backedUp, succeeds } from "./backed-up.ts";

test("a link that a service has put in the place of its folder gives way to the folder", {
	skip: isRoot ? false : "needs root",
}, async () => {
	const { place } = await backedUp(
		(place) => ({ s: { folders: [place.path("own/home/data")] } }),
		(place) => {
			place.write("own/home/data/file", "old");
			chownSync(place.path("own/home"), 61_000, 61_000);
		},
	);
	place.write("elsewhere/file", "root's");
	rmSync(place.path("own/home/data"), { recursive: true });
	symlinkSync(place.path("elsewhere"), place.path("own/home/data"));
	lchownSync(place.path("own/home/data"), 61_000, 61_000);
	const refused = await place.holdfast("create");
	assert.equal(refused.code, 1, refused.stderr);
	assert.match(refused.stderr, /data is a symbolic link to .*elsewhere; user 61000 could have created it/);
	assert.match(refused.stderr, /rm .*own\/home\/data, then restore/);
	const into = await place.holdfast("restore", "--yes", "--into", place.path("look"), "tar", "latest");
	assert.equal(into.code, 0, into.stderr);
	const { stderr } = await succeeds(place, "restore", "--yes", "--service", "s", "tar", "latest");
	assert.match(
		stderr,
		/data is a symbolic link now, to .*elsewhere: the copy of .* in the archive replaces the link/,
	);
	assert.ok(lstatSync(place.path("own/home/data")).isDirectory());
	assert.equal(readFileSync(place.path("own/home/data/file"), "utf8"), "old");
	assert.equal(readFileSync(place.path("elsewhere/file"), "utf8"), "root's");
	assert.deepEqual(readdirSync(place.path("elsewhere")), ["file"]);
	await succeeds(place, "create");
});

describe("what a service does to a folder above, or around another's", {
	skip: isRoot ? false : "needs root",
}, () => {
	const OWNER = 61_000;
	const nested = (place: Place) => ({
		outer: { folders: [place.path("own/outer")] },
		inner: { folders: [place.path("own/outer/inner")] },
	});
	const fill = (place: Place) => {
		for (const name of ["own/outer/file", "own/outer/inner/file"]) place.write(name, "old");
		chownSync(place.path("own/outer"), OWNER, OWNER);
	};
	const restore = ["restore", "--yes", "--service", "outer", "tar", "latest"];

	test("a link to the folder that it lies in, or one above, is not followed", async () => {
		const { place } = await backedUp(
			(place) => ({
				par: { folders: [place.path("own/par/data")] },
				inner: { folders: [place.path("own/par/inner")] },
			}),
			(place) => {
				for (const name of ["own/par/data/file", "own/par/inner/file"]) place.write(name, "old");
				chownSync(place.path("own/par"), OWNER, OWNER);
			},
		);
		for (const to of [".", "../par", place.path("own/par")]) {
			rmSync(place.path("own/par/data"), { recursive: true });
			symlinkSync(to, place.path("own/par/data"));
			lchownSync(place.path("own/par/data"), OWNER, OWNER);
			const created = await place.holdfast("create");
			assert.equal(created.code, 3, created.stderr);
			assert.match(created.stderr, /own\/par\/data is a symbolic link to .*, so it is not followed/);
			await succeeds(place, "restore", "--yes", "--service", "par", "tar", "latest");
			assert.deepEqual(readdirSync(place.path("own/par")).sort(), ["data", "inner"]);
			assert.equal(readFileSync(place.path("own/par/inner/file"), "utf8"), "old");
		}
	});

	test("another's that lies in it behind a link is not replaced with it", async () => {
		const { place } = await backedUp(
			(place) => ({
				outer: { folders: [place.path("own/outer")] },
				other: { folders: [place.path("own/link")] },
			}),
			(place) => {
				fill(place);
				symlinkSync("outer/inner", place.path("own/link"));
			},
		);
		writeFileSync(place.path("own/outer/inner/file"), "newer");
		const { code, stderr } = await place.holdfast(...restore);
		assert.equal(code, 1, stderr);
		assert.match(stderr, /own\/link of state "other" is inside it, behind a link: it would be replaced too/);
		assert.equal(readFileSync(place.path("own/outer/inner/file"), "utf8"), "newer");
		await succeeds(place, "restore", "--yes", "--service", "other", "tar", "latest");
		assert.equal(readFileSync(place.path("own/outer/inner/file"), "utf8"), "old");
	});

	test("another's that lies behind a link of root's stays there, and does not stand in the way", async () => {
		const { place } = await backedUp(
			(place) => ({
				outer: { folders: [place.path("own/outer")] },
				inner: { folders: [place.path("own/outer/x/inner")] },
			}),
			(place) => {
				place.write("own/outer/file", "old");
				place.write("big/inner/file", "old");
				symlinkSync(place.path("big"), place.path("own/outer/x"));
			},
		);
		for (const name of ["own/outer/file", "big/inner/file"]) writeFileSync(place.path(name), "newer");
		await succeeds(place, ...restore);
		assert.equal(readFileSync(place.path("own/outer/file"), "utf8"), "old");
		assert.equal(readFileSync(place.path("own/outer/x/inner/file"), "utf8"), "newer");
	});

	test("another's folder that is moved away while the outer one is swapped: all is undone", async () => {
		const { place } = await backedUp(nested, fill);
		place.write("own/outer/inner/file", "newer");
		const move = `mv ${place.path("own/outer/inner")} ${place.path("own/outer/elsewhere")}`;
		const env = ["env", "HOLDFAST_FAULT=run@aside:outer:0#before", `HOLDFAST_FAULT_COMMAND=${move}`];
		const { code, stderr } = await place.start(restore, env).ended;
		assert.equal(code, 1, stderr);
		assert.match(stderr, /outer\/inner belongs to another state and was moved during the restore/);
		assert.equal(readFileSync(place.path("own/outer/elsewhere/file"), "utf8"), "newer");
	});

	test("whatever stands in the way of an undo, it ends well", async () => {
		const { place } = await backedUp(nested, fill);
		const own = place.path("own");
		const harm = `mkdir -p ${own}/outer; for run in ${place.folder}/.holdfast-* ${own}/.holdfast-*; do n=\${run##*.holdfast-}; mkdir -p "${own}/outer.found-\${n%-outer}/x"; done; exit 1`;
		const env = ["env", "HOLDFAST_FAULT=run@aside:outer:0#after", `HOLDFAST_FAULT_COMMAND=${harm}`];
		const { code, stderr } = await place.start(restore, env).ended;
		assert.equal(code, 1, stderr);
		assert.equal(readFileSync(place.path("own/outer/file"), "utf8"), "old");
		const beside = readdirSync(own);
		assert.ok(
			beside.some((name) => name.startsWith("outer.found-")),
			"it stood in the way",
		);
		assert.ok(
			beside.some((name) => name.startsWith("found-")),
			"what was made there is kept",
		);
		await succeeds(place, "create");
	});

	test("a file whose folder is gone: refused before anything is stopped, with what to restore", async () => {
		const { place } = await backedUp(
			(place) => ({ s: { folders: [place.path("own")] } }),
			(place) => void place.write("own/a/b/file", "old"),
		);
		rmSync(place.path("own/a"), { recursive: true });
		const file = place.path("own/a/b/file");
		const { code, stderr } = await place.holdfast("restore", "--yes", "--path", file, "tar", "latest");
		assert.equal(code, 2, stderr);
		assert.match(stderr, /the folder that contained .*file no longer exists/);
		assert.ok(stderr.includes(`--path ${place.path("own/a")}\n`), stderr);
		await succeeds(place, "restore", "--yes", "--path", place.path("own/a"), "tar", "latest");
		assert.equal(readFileSync(file, "utf8"), "old");
	});
});
