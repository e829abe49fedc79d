// Old copies that restores have kept, within folders that other restores replace and backups store.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import type { Place } from "../support/place.ts";
import { backedUp, succeeds } from "./backed-up.ts";

const nested = (place: Place) => ({
	outer: { folders: [place.path("own/outer")] },
	inner: { folders: [place.path("own/outer/deep/inner")] },
});
const files = ["outer/file", "outer/deep/inner/file"] as const;
const write = (place: Place, text: string) => {
	for (const file of files) place.write(`own/${file}`, text);
};
const read = (place: Place) => files.map((file) => readFileSync(place.path(`own/${file}`), "utf8"));

/** Restore, keep the old copy, and return the run. */
async function keeping(place: Place, provider: string, ...words: string[]): Promise<string> {
	const { stdout } = await succeeds(
		place,
		...["restore", "--yes", "--json", "--keep-old", "1d", ...words, provider, "latest"],
	);
	const run = /"run":\s*"([^"]+)"/.exec(stdout)?.[1];
	assert.ok(run, stdout);
	return run;
}

describe("the old copy of a part, which lies in the state's own folder", () => {
	for (const [provider, settings] of Object.entries(EVERY_ENGINE)) {
		test(`${provider}: is not backed up, and outlives a restore of the whole${provider === "tar" ? "" : " [long]"}`, async () => {
			const { place, areas } = await backedUp(
				(place) => ({ s: { folders: [place.path("own")] } }),
				(place) => write(place, "old"),
				{ [provider]: settings },
			);
			write(place, "newer");
			const run = await keeping(place, provider, "--path", place.path("own/outer/file"));
			assert.deepEqual(read(place), ["old", "newer"]);
			const kept = areas();
			assert.ok(kept.length > 0);

			await succeeds(place, "create");
			await succeeds(place, "restore", "--into", place.path("beside"), provider, "latest");
			const stored = readdirSync(place.path("beside"), { recursive: true, encoding: "utf8" });
			assert.ok(stored.some((name) => name.endsWith("own/outer/file")));
			assert.deepEqual(
				stored.filter((name) => name.includes(".holdfast-")),
				[],
			);

			await succeeds(place, "restore", "--yes", provider, "latest");
			assert.deepEqual(areas(), kept);
			await succeeds(place, "undo", "--yes", run);
			assert.deepEqual(read(place), ["newer", "newer"]);
			assert.deepEqual(areas(), []);
		});
	}

	test("is not deleted by a restore in place", async () => {
		const { place, own } = await backedUp(
			(place) => ({ s: { folders: [place.path("own")] } }),
			(place) => write(place, "old"),
		);
		await keeping(place, "tar", "--path", place.path("own/outer/file"));
		const before = own();
		const { code, stderr } = await place.holdfast("restore", "--yes", "--in-place", "tar", "latest");
		assert.equal(code, 1);
		assert.match(
			stderr,
			/\.holdfast-\S+ is the old copy that an earlier restore keeps, and would be deleted/,
		);
		assert.deepEqual(own(), before);
	});
});

describe("states three deep", () => {
	const deep = (place: Place) => ({
		...nested(place),
		innermost: { folders: [place.path("own/outer/deep/inner/most")] },
	});
	const all = [...files, "outer/deep/inner/most/file"] as const;
	const fill = (place: Place, text: string) => {
		for (const file of all) place.write(`own/${file}`, text);
	};
	const now = (place: Place) => all.map((file) => readFileSync(place.path(`own/${file}`), "utf8"));

	for (const service of ["outer", "inner", "innermost"])
		test(`${service} alone comes back, and goes again`, async () => {
			const { place, own, areas } = await backedUp(deep, (place) => fill(place, "old"));
			fill(place, "newer");
			const before = own();
			const run = await keeping(place, "tar", "--service", service);
			const expected = ["outer", "inner", "innermost"].map((one) => (one === service ? "old" : "newer"));
			assert.deepEqual(now(place), expected);
			await succeeds(place, "undo", "--yes", run);
			assert.deepEqual(own(), before);
			assert.deepEqual(areas(), []);
		});

	test("all at once come back, and go again", async () => {
		const { place, own, areas } = await backedUp(deep, (place) => fill(place, "old"));
		fill(place, "newer");
		const before = own();
		const run = await keeping(place, "tar");
		assert.deepEqual(now(place), ["old", "old", "old"]);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
	});
});

describe("a path in the folder of a state that lies within another's", () => {
	const file = "own/outer/deep/inner/file";

	test("is that state's alone, and its undo brings back what was live", async () => {
		const { place, own, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const before = own();
		for (const path of [file, "own/outer/deep/inner"]) {
			const words = ["--path", place.path(path), "--path", place.path("own/outer/file")];
			const plan = JSON.parse(
				(await succeeds(place, "restore", "--dry-run", "--json", ...words, "tar", "latest")).stdout,
			);
			const asides = plan.steps.filter(({ kind }: { kind: string }) => kind === "aside");
			assert.deepEqual(asides.map(({ scope }: { scope: string }) => scope).sort(), [
				"state:inner",
				"state:outer",
			]);
			const run = await keeping(place, "tar", ...words);
			assert.deepEqual(read(place), ["old", "old"]);
			await succeeds(place, "undo", "--yes", run);
			assert.deepEqual(own(), before);
			assert.deepEqual(areas(), []);
		}
	});

	test("one that lies in another that is named is restored with that", async () => {
		const { place } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const words = ["own/outer/file", "own/outer"].flatMap((path) => ["--path", place.path(path)]);
		await succeeds(place, "restore", "--yes", ...words, "tar", "latest");
		assert.deepEqual(read(place), ["old", "newer"]);
	});

	test("that an older archive holds as the outer one's: named with the state to say", async () => {
		const { place } = await backedUp(
			(place) => ({ outer: { folders: [place.path("own/outer")] } }),
			(place) => write(place, "old"),
		);
		const { archives } = JSON.parse((await succeeds(place, "list", "--json")).stdout);
		place.declare({ state: nested(place) });
		write(place, "newer");
		const path = ["--path", place.path(file)];
		const { code, stderr } = await place.holdfast("restore", "--yes", ...path, "tar", archives[0].id);
		assert.equal(code, 2, stderr);
		assert.match(
			stderr,
			/in this archive it belongs to outer: .* --into FOLDER --service outer --path .*inner\/file/,
		);
		const words = ["--service", "outer", ...path, "tar", "latest"];
		const refused = await place.holdfast("restore", "--yes", ...words);
		assert.equal(refused.code, 1);
		assert.match(
			refused.stderr,
			/as part of outer, but it now belongs to state "inner": restore with --into and copy from there/,
		);
		assert.deepEqual(read(place), ["newer", "newer"]);
		await succeeds(place, "restore", "--yes", "--into", place.path("look"), ...words);
		assert.equal(readFileSync(join(place.path("look"), place.path(file)), "utf8"), "old");
	});
});

describe("the old copy of a state, which lies in another's folder", () => {
	test("outlives a restore of that one, and its undo", async () => {
		const { place, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const inner = await keeping(place, "tar", "--service", "inner");
		const outer = await keeping(place, "tar", "--service", "outer");
		assert.deepEqual(read(place), ["old", "old"]);
		await succeeds(place, "undo", "--yes", outer);
		assert.deepEqual(read(place), ["newer", "old"]);
		await succeeds(place, "undo", "--yes", inner);
		assert.deepEqual(read(place), ["newer", "newer"]);
		assert.deepEqual(areas(), []);
	});

	test("comes back where both were restored at once", async () => {
		const { place, own, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const before = own();
		const run = await keeping(place, "tar");
		assert.deepEqual(read(place), ["old", "old"]);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
	});

	test("both at once, without a copy: nothing is left", async () => {
		const { place, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.deepEqual(read(place), ["old", "old"]);
		assert.deepEqual(areas(), []);
	});
});

test("an old copy that somebody has moved away is missed before anything is touched", async () => {
	const { place, own, areas } = await backedUp(nested, (place) => write(place, "old"));
	write(place, "newer");
	const run = await keeping(place, "tar", "--service", "outer");
	const [area] = areas();
	assert.ok(area);
	renameSync(place.path(`own/${area}`), place.path("elsewhere"));
	const before = own();
	const { code, stderr } = await place.holdfast("undo", "--yes", run);
	assert.equal(code, 1);
	assert.match(stderr, /the old copy is no longer at \S+\.holdfast-/);
	assert.deepEqual(own(), before);
	await succeeds(place, "create");
	const unknown = await place.holdfast("undo", "--yes", "nosuch");
	assert.match(unknown.stderr, new RegExp(`${run}: outer, until .*, but it is not at \\S+ any more`));
	renameSync(place.path("elsewhere"), place.path(`own/${area}`));
	await succeeds(place, "undo", "--yes", run);
	assert.deepEqual(read(place), ["newer", "newer"]);
});

describe("one restore after another, each with its old copy", () => {
	test("are undone the last one first", async () => {
		const { place, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "precious");
		const first = await keeping(place, "tar", "--service", "outer");
		writeFileSync(place.path("own/outer/file"), "between");
		const second = await keeping(place, "tar", "--service", "outer");
		const { code, stderr } = await place.holdfast("undo", "--yes", first);
		assert.equal(code, 1);
		assert.match(stderr, new RegExp(`run ${second} replaced outer after that`));
		assert.match(stderr, new RegExp(`holdfast undo ${second}`));
		await succeeds(place, "undo", "--yes", second);
		assert.equal(read(place)[0], "between");
		await succeeds(place, "undo", "--yes", first);
		assert.equal(read(place)[0], "precious");
		assert.deepEqual(areas(), []);
	});

	test("an old copy whose time is over is deleted before the next run, which says so", async () => {
		const { place, areas } = await backedUp(nested, (place) => write(place, "old"));
		await succeeds(place, "restore", "--yes", "--keep-old", "1s", "--service", "outer", "tar", "latest");
		assert.notDeepEqual(areas(), []);
		await pause(1_500);
		const { stderr } = await succeeds(place, "create");
		assert.match(stderr, /the old copy of outer, which run \S+ kept until .*, has expired and was deleted/);
		assert.deepEqual(areas(), []);
		assert.doesNotMatch((await succeeds(place, "create")).stderr, /has expired/);
	});

	test("an undo and a backup are not restores, and leave nothing to undo", async () => {
		const { place } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const run = await keeping(place, "tar", "--service", "outer");
		await succeeds(place, "undo", "--yes", run);
		const runs = JSON.parse((await succeeds(place, "runs", "--json")).stdout);
		for (const [operation, words] of [
			["undo", "an undo"],
			["create", "a create"],
		]) {
			const { id } = runs.find((one: { operation: string }) => one.operation === operation);
			const { stderr } = await place.holdfast("undo", "--yes", id);
			assert.match(
				stderr,
				new RegExp(`run ${id} is not a restore but ${words}: only a restore leaves an old copy`),
			);
		}
	});

	test("an old copy whose time is over is brought back as long as it is there", async () => {
		const { place, own, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const before = own();
		const { stdout } = await succeeds(
			place,
			...["restore", "--yes", "--json", "--keep-old", "1s", "--service", "outer", "tar", "latest"],
		);
		const run = /"run":\s*"([^"]+)"/.exec(stdout)?.[1] ?? "";
		await pause(1_500);
		await succeeds(place, "undo", "--yes", run);
		assert.deepEqual(own(), before);
		assert.deepEqual(areas(), []);
	});

	test("an old copy that goes while it is brought back: what is live stays", async () => {
		const { place, areas } = await backedUp(nested, (place) => write(place, "old"));
		write(place, "newer");
		const run = await keeping(place, "tar", "--service", "outer");
		const [area] = areas();
		const env = ["env", "HOLDFAST_FAULT=run@aside:outer:0#after"];
		const away = `HOLDFAST_FAULT_COMMAND=rm -rf ${place.path(`own/${area}`)}`;
		const { code, stderr } = await place.start(["undo", "--yes", run], [...env, away]).ended;
		assert.equal(code, 1, stderr);
		assert.deepEqual(read(place), ["old", "newer"]);
		await succeeds(place, "create");
	});
});
