// Folders that are missing, alone or with their parents; and states that the config no longer has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Place } from "../support/place.ts";
import { isRoot } from "../support/tree.ts";
import { backedUp, succeeds } from "./backed-up.ts";

const OWNER = 61_000;

async function keeping(place: Place, ...words: string[]): Promise<string> {
	const { stdout } = await succeeds(place, "restore", "--yes", "--json", "--keep-old", "1d", ...words);
	return /"run":\s*"([^"]+)"/.exec(stdout)?.[1] ?? "";
}

describe("a folder that is gone", () => {
	const two = (place: Place) => ({ s: { folders: [place.path("own/a"), place.path("own/p/q/c")] } });
	const fill = (place: Place) => {
		for (const name of ["own/a/file", "own/p/q/c/file"]) place.write(name, "old");
	};
	const isBack = (place: Place) => {
		for (const name of ["own/a/file", "own/p/q/c/file"])
			assert.equal(readFileSync(place.path(name), "utf8"), "old");
	};

	test("comes back, and an undo takes it away again", async () => {
		const { place, own, areas } = await backedUp(two, fill);
		place.write("own/a/file", "newer");
		rmSync(place.path("own/p/q/c"), { recursive: true });
		const before = own();
		const run = await keeping(place, "tar", "latest");
		isBack(place);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
	});

	test("comes back with what was above it, also in place", async () => {
		for (const how of [[], ["--in-place"]]) {
			const { place, areas } = await backedUp(two, fill);
			rmSync(place.path("own/p"), { recursive: true });
			await succeeds(place, "restore", "--yes", ...how, "tar", "latest");
			isBack(place);
			assert.equal(lstatSync(place.path("own/p/q")).mode & 0o777, 0o755);
			assert.deepEqual(areas(), []);
		}
	});

	test("comes back below a folder of its service's, and what was made for it goes when that fails", {
		skip: isRoot ? false : "needs root",
	}, async () => {
		const { place, own, areas } = await backedUp(two, (place) => {
			fill(place);
			chownSync(place.path("own/p"), OWNER, OWNER);
		});
		rmSync(place.path("own/p/q"), { recursive: true });
		const before = own();
		place.declare({ state: { s: { ...two(place).s, hooks: { postRestore: "exit 1" } } } });
		assert.equal((await place.holdfast("restore", "--yes", "tar", "latest")).code, 1);
		assert.deepEqual(own(), before);
		place.declare({ state: two(place) });
		const run = await keeping(place, "tar", "latest");
		isBack(place);
		await succeeds(place, "undo", "--yes", run);
		assert.ok(!existsSync(place.path("own/p/q/c")));
		assert.deepEqual(areas(), []);
		await succeeds(place, "restore", "--yes", "--path", place.path("own/p/q/c"), "tar", "latest");
		isBack(place);
	});

	test("a path in it is refused with a path that is not", async () => {
		const { place } = await backedUp(two, fill);
		rmSync(place.path("own/p/q"), { recursive: true });
		const lost = await place.holdfast(
			"restore",
			"--yes",
			"--path",
			place.path("own/p/q/c/file"),
			"tar",
			"latest",
		);
		assert.equal(lost.code, 2);
		const [, path = ""] = /restore all of that folder: --path (\S+)/.exec(lost.stderr) ?? [];
		await succeeds(place, "restore", "--yes", "--path", path, "tar", "latest");
		isBack(place);
	});
});

describe("a state in another's folder that the config no longer has", () => {
	const nested = (place: Place) => ({
		outer: { folders: [place.path("own/outer")] },
		inner: { folders: [place.path("own/outer/s/inner")] },
	});
	const fill = (place: Place, text: string) => {
		for (const name of ["own/outer/file", "own/outer/s/inner/file"]) place.write(name, text);
	};
	const now = (place: Place) =>
		["own/outer/file", "own/outer/s/inner/file"].map((name) => readFileSync(place.path(name), "utf8"));

	test("stays as it is when the outer one is restored from before, and when that is undone", async () => {
		const { place, own } = await backedUp(nested, (place) => fill(place, "old"));
		place.declare({ state: { outer: nested(place).outer } });
		fill(place, "newer");
		const before = own();
		const diff = await succeeds(place, "diff", "tar", "latest");
		assert.match(diff.stdout, /^0 to add, 0 to remove, 1 to change$/m);
		const { stderr } = await place.holdfast("restore", "--dry-run", "tar", "latest");
		assert.match(
			stderr,
			/s\/inner stays as it is: it belonged to state "inner" when the archive was created.*--into FOLDER/,
		);
		const run = await keeping(place, "--service", "outer", "tar", "latest");
		assert.deepEqual(now(place), ["old", "newer"]);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
	});

	test("stays as it is when the archive is one of the outer one alone", async () => {
		const { place, own } = await backedUp(nested, (place) => fill(place, "old"));
		await succeeds(place, "create", "--service", "outer");
		place.declare({ state: { outer: nested(place).outer } });
		fill(place, "newer");
		const before = own();
		const diff = await succeeds(place, "diff", "tar", "latest");
		assert.match(diff.stdout, /^0 to add, 0 to remove, 1 to change$/m);
		const inPlace = await place.holdfast("restore", "--yes", "--in-place", "tar", "latest");
		assert.match(inPlace.stderr, /s\/inner belongs to state "inner" and would be deleted/);
		const { stderr } = await place.holdfast("restore", "--dry-run", "tar", "latest");
		assert.match(stderr, /s\/inner stays as it is: .* and the archive does not contain it$/m);
		const run = await keeping(place, "tar", "latest");
		assert.deepEqual(now(place), ["old", "newer"]);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
	});

	test("stops no unit of a state that it was of", async () => {
		const { place } = await backedUp(nested, (place) => fill(place, "old"));
		const moved = { folders: [place.path("own/elsewhere")], stopOnRestore: ["precious.service"] };
		place.declare({ state: { outer: nested(place).outer, inner: moved } });
		const { stdout } = await place.holdfast(
			"restore",
			"--dry-run",
			"--json",
			"--service",
			"outer",
			"tar",
			"latest",
		);
		const steps = JSON.stringify(JSON.parse(stdout).steps);
		assert.match(steps, /"kind":"keep-nested"/);
		assert.doesNotMatch(steps, /precious/);
	});

	test("keeps no database from coming back: an archive that says both is refused", async () => {
		const state = (place: Place) => ({
			app: { folders: [place.path("own/app")], dumps: [{ sqlite: place.path("own/app/db.sqlite") }] },
		});
		const { place, own } = await backedUp(state, (place) => {
			place.write("own/app/file", "old");
			execFileSync("sqlite3", [place.path("own/app/db.sqlite"), "CREATE TABLE t (a)"]);
		});
		const [archive = ""] = readdirSync(place.path("archives"));
		const file = `archives/${archive}/index.json`;
		const index = JSON.parse(readFileSync(place.path(file), "utf8"));
		index.metadata.without = { gone: [place.path("own/app/db.sqlite")] };
		place.write(file, JSON.stringify(index));
		const before = own();
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", archive);
		assert.equal(code, 1, stderr);
		assert.match(
			stderr,
			/db\.sqlite belongs to state "gone", but it contains .*db\.sqlite, a database of state "app"/,
		);
		assert.deepEqual(own(), before);
	});

	test("is not deleted in place", async () => {
		const { place, own } = await backedUp(nested, (place) => fill(place, "old"));
		place.declare({ state: { outer: nested(place).outer } });
		fill(place, "newer");
		const before = own();
		const { code, stderr } = await place.holdfast("restore", "--yes", "--in-place", "tar", "latest");
		assert.equal(code, 1);
		assert.match(
			stderr,
			/s\/inner belongs to state "inner" and would be deleted: restore without --in-place/,
		);
		assert.deepEqual(own(), before);
		await succeeds(place, "create");
	});

	test("is taken out of an archive along with what is around it", async () => {
		const { place } = await backedUp(nested, (place) => fill(place, "old"));
		for (const path of ["own/outer", "own/outer/s"]) {
			const into = place.path(`into-${path.length}`);
			await succeeds(place, "archives", "extract", "latest", place.path(path), "--into", into);
			const names = readdirSync(into, { recursive: true, encoding: "utf8" });
			assert.ok(
				names.some((name) => name.endsWith("s/inner/file")),
				names.join(" "),
			);
		}
		const { stdout } = await succeeds(place, "archives", "browse", "latest", place.path("own/outer"));
		for (const name of ["own/outer/file", "own/outer/s/inner/file"])
			assert.equal(stdout.split("\n").filter((line) => line.includes(name)).length, 1, stdout);
	});
});

test("a state that has moved to another folder is not called good before that is stored", async () => {
	const { place } = await backedUp(
		(place) => ({ s: { folders: [place.path("own/before")] } }),
		(place) => void place.write("own/before/file", "old"),
	);
	place.write("own/now/file", "new");
	place.declare({ state: { s: { folders: [place.path("own/now")] } } });
	const { code, stdout } = await place.holdfast("status");
	assert.equal(code, 1);
	assert.match(stdout, /✘ +web01 +s /);
	assert.match(stdout, /own\/now of s is not in tar\/disk yet \(holdfast create\)/);
	await succeeds(place, "create");
	assert.match((await succeeds(place, "status")).stdout, /✔ +web01 +s /);
});

test("a state that was renamed is found by its folder, and the others by their names", async () => {
	const { place } = await backedUp(
		(place) => ({ mail: { folders: [place.path("own/mail")] }, wiki: { folders: [place.path("own/wiki")] } }),
		(place) => {
			for (const name of ["own/mail/file", "own/wiki/file"]) place.write(name, "old");
		},
	);
	place.declare({
		state: { post: { folders: [place.path("own/mail")] }, wiki: { folders: [place.path("own/wiki")] } },
	});
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 1);
	assert.match(stderr, /no complete archive of post was found/);
	assert.match(stderr, /contains \S+own\/mail as part of state "mail"/);
	assert.match(stderr, /to restore the others: --service wiki/);
	await succeeds(place, "restore", "--yes", "--service", "wiki", "tar", "latest");
});

test("very many folders of states that the config does not have are looked at quickly", async () => {
	const { place } = await backedUp(
		(place) => ({ s: { folders: [place.path("own")] } }),
		(place) => void place.write("own/file", "old"),
	);
	const archive = readdirSync(place.path("archives"))[0] ?? "";
	const index = place.path(`archives/${archive}/index.json`);
	const said = JSON.parse(readFileSync(index, "utf8"));
	const folders = Array.from({ length: 9_900 }, (_, at) => `${place.path("own")}/${at.toString(36)}`);
	said.metadata.states.gone = { outcome: "good", folders };
	writeFileSync(index, JSON.stringify(said));
	const began = performance.now();
	const { stdout } = await succeeds(
		place,
		"restore",
		"--dry-run",
		"--json",
		"--service",
		"s",
		"tar",
		"latest",
	);
	assert.ok(performance.now() - began < 20_000);
	assert.ok(JSON.parse(stdout).steps.length < 20, "nothing is done for what is not there");
});
