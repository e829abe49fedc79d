// Whatever fails before the commit, the old state is complete again, and nothing is left next to it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { backedUp, succeeds, twoFolders } from "./backed-up.ts";

describe("a restore of several folders", () => {
	for (const hook of ["preRestore", "postRestore"]) {
		test(`a failing ${hook} leaves each of them as it was`, async () => {
			const { place, own, areas } = await backedUp(
				(place) => ({ s: { folders: [place.path("own/a"), place.path("own/b")] } }),
				twoFolders,
			);
			for (const name of ["a", "b"]) place.write(`own/${name}/file`, `newer ${name}`);
			place.declare({
				state: { s: { folders: [place.path("own/a"), place.path("own/b")], hooks: { [hook]: "exit 1" } } },
			});
			const before = own();
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 1, stderr);
			assert.match(
				stderr,
				hook === "preRestore"
					? /! the data of s were not touched\nfailed: /
					: /! s: rolled back, and the data are as before this restore\nfailed: /,
			);
			assert.deepEqual(own(), before);
			assert.deepEqual(areas(), []);
		});
	}

	test("folders that are not there, nor their parents, come back; and go again when it fails", async () => {
		const state = (hooks: object) => (place: Place) => ({
			s: { folders: [place.path("own/deep/er/a")], hooks },
		});
		const { place } = await backedUp(state({}), (place) => place.write("own/deep/er/a/file", "old"));
		rmSync(place.path("own/deep"), { recursive: true });
		place.declare({ state: state({ postRestore: "exit 1" })(place) });
		assert.equal((await place.holdfast("restore", "--yes", "tar", "latest")).code, 1);
		assert.deepEqual(readdirSync(place.path("own")), []);
		place.declare({ state: state({})(place) });
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("own/deep/er/a/file"), "utf8"), "old");
	});

	test("a single file is a state as well", async () => {
		const { place, own } = await backedUp(
			(place) => ({ s: { folders: [place.path("own/file")] } }),
			(place) => {
				place.write("own/file", "old");
				place.write("own/neighbour", "not its own");
			},
		);
		place.write("own/file", "newer");
		place.write("own/neighbour", "changed since");
		const before = own();
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("own/file"), "utf8"), "old");
		assert.deepEqual(
			own().filter((line) => line.includes("neighbour")),
			before.filter((line) => line.includes("neighbour")),
		);
	});
});

describe("several states in one restore", () => {
	test("are transactions of their own: one that fails is undone, the other stays restored", async () => {
		const states = (place: Place, hooks = {}) => ({
			a: { folders: [place.path("own/a")] },
			b: { folders: [place.path("own/b")], hooks },
		});
		const { place } = await backedUp(states, twoFolders);
		for (const name of ["a", "b"]) place.write(`own/${name}/file`, `newer ${name}`);
		place.declare({ state: states(place, { postRestore: "exit 1" }) });
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 3, stderr);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
		assert.equal(readFileSync(place.path("own/b/file"), "utf8"), "newer b");
	});
});

describe("checks", () => {
	const state = (place: Place, checks: object[]) => ({
		s: { folders: [place.path("own/a")], healthChecks: checks },
	});

	for (const [name, check] of Object.entries({
		script: (place: Place) => ({ script: `grep -q newer ${place.path("own/a/file")}`, within: 0 }),
		command: (place: Place) => ({ command: ["grep", "-q", "newer", place.path("own/a/file")], within: 0 }),
		http: () => ({ http: "http://127.0.0.1:9/", within: 0 }),
		sqlite: (place: Place) => ({ sql: "SELECT 1", sqlite: place.path("own/a/none.sqlite"), within: 0 }),
	})) {
		test(`a failing ${name} check undoes the restore`, async () => {
			const { place, own } = await backedUp((place) => state(place, []), twoFolders);
			place.write("own/a/file", "newer a");
			place.declare({ state: state(place, [check(place)]) });
			const before = own();
			const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(code, 1, stderr);
			assert.match(stderr, /s is not healthy/);
			assert.match(stderr, /! s: rolled back.*\n! to keep what is restored .*--keep-failed\nfailed: /);
			assert.deepEqual(own(), before);
		});
	}

	test("--keep-failed keeps what was restored, and the old copy for a while", async () => {
		const { place, own } = await backedUp((place) => state(place, []), twoFolders);
		place.write("own/a/file", "newer a");
		place.declare({ state: state(place, [{ script: "false", within: 0 }]) });
		const before = own();
		const { code, stderr } = await place.holdfast("restore", "--yes", "--keep-failed", "tar", "latest");
		assert.equal(code, 3, stderr);
		assert.doesNotMatch(stderr, /rolled back|--keep-failed/);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
		const run = /run (\S+) in/.exec(stderr)?.[1] ?? "";
		place.declare({ state: state(place, []) });
		await place.holdfast("undo", "--yes", run);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "newer a");
		assert.equal(own().length, before.length);
	});

	test("a check that passes only after a while is waited for", async () => {
		const { place } = await backedUp((place) => state(place, []), twoFolders);
		const flag = place.path("flag");
		place.declare({
			state: {
				s: {
					folders: [place.path("own/a")],
					hooks: { postRestore: `(sleep 1; touch ${flag}) >/dev/null 2>&1 &` },
					healthChecks: [{ script: `test -e ${flag}`, within: "10s" }],
				},
			},
		});
		await succeeds(place, "restore", "--yes", "tar", "latest");
	});
});

describe("keeping the old copy", () => {
	const state = (place: Place) => ({ s: { folders: [place.path("own/a"), place.path("own/b")] } });

	test("undo brings it back as it was, once", async () => {
		const { place, own, areas } = await backedUp(state, twoFolders);
		for (const name of ["a", "b"]) place.write(`own/${name}/file`, `newer ${name}`);
		const before = own();
		const { stderr } = await succeeds(place, "restore", "--yes", "--keep-old", "7d", "tar", "latest");
		assert.match(
			stderr,
			/the old copy is kept until [\d-]+ [\d:]+; take the restore back with: holdfast undo \S+\n! {3}it is in /,
		);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
		const run = /run (\S+) in/.exec(stderr)?.[1] ?? "";
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
		const again = await place.holdfast("undo", "--yes", run);
		assert.equal(again.code, 2);
		assert.match(again.stderr, new RegExp(`run ${run} was undone at [\\d-]+ [\\d:]+ by run \\S+`));
	});

	test("it is deleted by the next run after its time", async () => {
		const { place, areas } = await backedUp(state, twoFolders);
		await succeeds(place, "restore", "--yes", "--keep-old", "1s", "tar", "latest");
		assert.notDeepEqual(areas(), []);
		await new Promise((resolve) => setTimeout(resolve, 1100));
		await succeeds(place, "create");
		assert.deepEqual(areas(), []);
	});
});
