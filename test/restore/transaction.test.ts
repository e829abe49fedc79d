// Whatever fails before the commit, the old state is whole again, and nothing is left beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";

const folder = scratch("transaction");

/** A place whose states are in `own/`, backed up once; what is in `own/` then, and after it was changed. */
async function backedUp(state: (place: Place) => Record<string, object>, fill: (place: Place) => void) {
	const place = new Place(folder);
	fill(place);
	place.declare({ state: state(place) });
	await succeeds(place, "create");
	return { place, own: () => factsOf(place.path("own")), areas: () => areasIn(place.path("own")) };
}

async function succeeds(place: Place, ...words: string[]) {
	const output = await place.holdfast(...words);
	assert.equal(output.code, 0, `holdfast ${words.join(" ")}\n${output.stdout}${output.stderr}`);
	return output;
}

function areasIn(own: string): string[] {
	return readdirSync(own, { recursive: true, encoding: "utf8" }).filter((name) =>
		name.includes(".holdfast-"),
	);
}

const twoFolders = (place: Place) => {
	for (const name of ["a", "b"]) place.write(`own/${name}/file`, `old ${name}`);
};

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
	const state = (place: Place, checks: object[]) => ({ s: { folders: [place.path("own/a")], checks } });

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
					checks: [{ script: `test -e ${flag}`, within: "10s" }],
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
		assert.match(stderr, /the old copy is kept until 20\S+ in /);
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
		const run = /run (\S+) in/.exec(stderr)?.[1] ?? "";
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
		const again = await place.holdfast("undo", "--yes", run);
		assert.equal(again.code, 2);
		assert.match(again.stderr, /there is no old copy of run/);
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
			[place.path("own/a/none"), /none is not in the archive|Not found in archive|never matched/],
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
		assert.match(stderr, /own\/a\/one is state "inner"'s and would be deleted/);
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
			assert.match(stderr, /own\/b belongs to state "thief" by now/);
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

	test("an archive of another machine is refused with the reason, and restored when that is meant", async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/a")] } }), twoFolders);
		const config = JSON.parse(readFileSync(place.path("holdfast.json"), "utf8"));
		place.write("holdfast.json", JSON.stringify({ machines: { web02: config.machines.web01 } }));
		place.write("own/a/file", "newer a");
		const refused = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(refused.code, 1);
		assert.match(refused.stderr, /archives of web01 are there too: name whose with --from MACHINE/);
		await succeeds(place, "restore", "--yes", "--from", "web01", "tar", "latest");
		assert.equal(readFileSync(place.path("own/a/file"), "utf8"), "old a");
	});

	test("what something else makes at the place meanwhile is noticed, named and kept", {
		timeout: 60_000,
	}, async () => {
		const { place } = await backedUp((place) => ({ s: { folders: [place.path("own/a")] } }), twoFolders);
		place.write("own/a/file", "newer a");
		// A process that makes the folder again as soon as it is gone.
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
			assert.match(noticed, /something made .*own\/a anew|ENOTEMPTY/);
		} finally {
			pest.kill();
		}
		assert.ok(existsSync(place.path("own/a")));
	});
});
