// The other ways to restore, and the checks before any of them begins.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { backedUp, succeeds, twoFolders } from "./backed-up.ts";

describe("other ways to restore", () => {
	const state = (place: Place, hooks = {}) => ({ s: { folders: [place.path("own/a")], hooks } });
	const fill = (place: Place) => {
		place.write("own/a/one/file", "old one");
		place.write("own/a/two/file", "old two");
	};

	test("--path brings back only that, and runs no hook", async () => {
		const { place } = await backedUp(state, fill);
		place.declare({ state: state(place, { preRestore: "exit 1", postRestore: "exit 1" }) });
		place.write("own/a/one/file", "newer one");
		rmSync(place.path("own/a/two"), { recursive: true });
		await succeeds(place, "restore", "--yes", "--path", place.path("own/a/two"), "tar", "latest");
		assert.equal(readFileSync(place.path("own/a/one/file"), "utf8"), "newer one");
		assert.equal(readFileSync(place.path("own/a/two/file"), "utf8"), "old two");
		for (const [path, expected] of [
			[place.path("other"), /no state of "web01" owns/],
			[place.path("own/a/none"), /own\/a\/none is not in the archive/],
		] as const) {
			const { code, stderr } = await place.holdfast("restore", "--yes", "--path", path, "tar", "latest");
			assert.notEqual(code, 0);
			assert.match(stderr, expected);
		}
	});

	test("--into extracts beside, and nothing else happens", async () => {
		const { place, own } = await backedUp(state, fill);
		place.declare({ state: state(place, { preRestore: "exit 1", postRestore: "exit 1" }) });
		place.write("own/a/one/file", "newer one");
		const before = own();
		await succeeds(place, "restore", "--into", "look", "tar", "latest");
		assert.deepEqual(own(), before);
		assert.equal(readFileSync(join(place.path("look") + place.path("own/a"), "one/file"), "utf8"), "old one");
		const again = await place.holdfast("restore", "--into", "look", "tar", "latest");
		assert.equal(again.code, 1);
		assert.match(again.stderr, /look is not empty/);
	});

	test("--in-place warns, and restores without a second copy", async () => {
		const { place, areas } = await backedUp(state, fill);
		place.write("own/a/newer", "gone after");
		await succeeds(place, "restore", "--yes", "--in-place", "tar", "latest");
		assert.deepEqual(readdirSync(place.path("own/a")).sort(), ["one", "two"]);
		assert.deepEqual(areas(), []);
	});

	test("--in-place is refused where it would delete another state's folder", async () => {
		const states = (place: Place) => ({
			s: { folders: [place.path("own/a")] },
			inner: { folders: [place.path("own/a/one")] },
		});
		const { place, own } = await backedUp(states, fill);
		const before = own();
		const { code, stderr } = await place.holdfast(
			"restore",
			"--yes",
			"--in-place",
			"--service",
			"s",
			"tar",
			"latest",
		);
		assert.equal(code, 1);
		assert.match(stderr, /own\/a\/one belongs to state "inner" and would be deleted/);
		assert.deepEqual(own(), before);
	});

	test("an in-place restore that fails half-way says what is where, and recover finishes it", async () => {
		const { place } = await backedUp(state, fill);
		const [archive = ""] = readdirSync(place.path("archives"));
		const data = place.path("archives", archive, "data.tar.zst");
		const whole = readFileSync(data);
		const broken = Buffer.from(whole);
		broken[30] = (broken[30] ?? 0) ^ 1;
		writeFileSync(data, broken);
		const { code, stderr } = await place.holdfast("restore", "--yes", "--in-place", "tar", "latest");
		assert.equal(code, 5, stderr);
		assert.match(stderr, /own\/a may be only partly restored/);
		writeFileSync(data, whole);
		await succeeds(place, "recover");
		assert.equal(readFileSync(place.path("own/a/one/file"), "utf8"), "old one");
		assert.match((await succeeds(place, "recover")).stderr, /nothing to recover/);
	});
});

describe("preflight", () => {
	test("names everything that stands in the way at once, and nothing is touched", async () => {
		const { place, own } = await backedUp(
			(place) => ({ s: { folders: [place.path("own/a"), place.path("own/b")] } }),
			twoFolders,
		);
		place.declare({
			state: {
				s: { folders: [place.path("own/a")], stopOnRestore: ["no-such-thing.service"] },
				thief: { folders: [place.path("own/b")] },
			},
		});
		const before = own();
		for (const words of [["--dry-run"], ["--yes"]]) {
			const { code, stderr } = await place.holdfast("restore", ...words, "--service", "s", "tar", "latest");
			assert.equal(code, 1);
			assert.match(stderr, /no-such-thing/);
			assert.match(stderr, /own\/b as .*, but it now belongs to state "thief"/);
		}
		assert.deepEqual(own(), before);
	});

	test("a process that holds files open there is named", async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/a")] } }), twoFolders);
		const holder = spawn("sleep", ["100"], { cwd: place.path("own/a") });
		const { stderr } = await succeeds(place, "restore", "--yes", "tar", "latest");
		holder.kill();
		assert.match(stderr, new RegExp(`process ${holder.pid} \\(sleep.*own/a open`));
	});

	test("one that the preRestore hook ends is not reported, and one that it does not end is, once", async () => {
		const pid = (place: Place) => place.path("pid");
		const { place } = await backedUp(
			(place) => ({
				s: { folders: [place.path("own/a")], hooks: { preRestore: `kill $(cat ${pid(place)}); sleep 0.2` } },
			}),
			twoFolders,
		);
		const holders = () => [1, 2].map(() => spawn("sleep", ["100"], { cwd: place.path("own/a") }));
		const [ended, left] = holders();
		try {
			writeFileSync(pid(place), String(ended?.pid));
			const { stderr } = await succeeds(place, "restore", "--yes", "tar", "latest");
			assert.doesNotMatch(stderr, new RegExp(`process ${ended?.pid} `));
			assert.equal(stderr.match(new RegExp(`process ${left?.pid} \\(sleep`, "g"))?.length, 1, stderr);
		} finally {
			left?.kill();
		}
	});

	test("an archive of another machine is refused with the reason, and restored when that is meant", async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/a")] } }), twoFolders);
		const config = JSON.parse(readFileSync(place.path("holdfast.json"), "utf8"));
		place.write("holdfast.json", JSON.stringify({ machines: { web02: config.machines.web01 } }));
		place.write("own/a/file", "newer a");
		const refused = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(refused.code, 1);
		assert.match(refused.stderr, /there are only archives of web01: select them with --from MACHINE/);
		await succeeds(place, "restore", "--yes", "--from", "web01", "tar", "latest");
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
	});

	test("what something else makes at the place meanwhile is noticed, named and kept", {
		timeout: 60_000,
	}, async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/a")] } }), twoFolders);
		place.write("own/a/file", "newer a");
		// A process that creates the folder again as soon as it is gone.
		const pest = spawn("sh", [
			"-c",
			`for n in $(seq 200000); do mkdir ${place.path("own/a")} 2>/dev/null; done`,
		]);
		try {
			let noticed = "";
			for (let attempt = 0; attempt < 20 && noticed === ""; attempt++) {
				const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
				if (code !== 0) noticed = stderr;
			}
			assert.match(noticed, /something created .*own\/a again|ENOTEMPTY/);
		} finally {
			pest.kill();
		}
		assert.ok(existsSync(place.path("own/a")));
	});
});
