// `diff` shows exactly what a restore changes.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Difference } from "../../src/plan/diff.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { fillAwkward } from "../support/tree.ts";

const folder = scratch("diff");

for (const [provider, options] of Object.entries({
	tar: (place: Place) => ({ destinations: { disk: { path: place.path("archives") } } }),
	borgbackup: (place: Place) => ({
		destinations: { disk: { repo: place.path("repo"), encryption: "none" } },
	}),
})) {
	test(`diff on ${provider} tells what comes back, what goes and what changes, and nothing after a restore`, async () => {
		const place = new Place(folder);
		fillAwkward(place.path("data"));
		for (const name of ["same", "size", "mode", "gone", "kind"]) place.write(`data/${name}`, name);
		place.declare({
			state: { s: { folders: [place.path("data")], specialFiles: true } },
			providers: { [provider]: options(place) },
		});
		await place.holdfast("create");
		writeFileSync(place.path("data/size"), "another size");
		chmodSync(place.path("data/mode"), 0o600);
		rmSync(place.path("data/gone"));
		rmSync(place.path("data/kind"));
		symlinkSync("same", place.path("data/kind"));
		place.write("data/since", "new");
		renameSync(place.path("data/names/with space"), place.path("data/names/renamed"));

		const diff = async () => {
			const { code, stdout, stderr } = await place.holdfast("diff", "--json", provider, "latest");
			assert.equal(code, 0, stderr);
			return JSON.parse(stdout).differences as Difference[];
		};
		const found = (await diff()).map(({ path, change, in: what }) =>
			[
				change,
				path.slice(place.path("data").length + 1),
				...(what ?? []).filter((one) => one !== "time"),
			].join(" "),
		);
		assert.deepEqual(found.sort(), [
			"add gone",
			"add names/with space",
			"add names/with space/with space.txt",
			"change kind type",
			"change mode mode",
			"change size size",
			"remove names/renamed",
			"remove names/renamed/with space.txt",
			"remove since",
		]);
		const { stdout } = await place.holdfast("diff", provider, "latest");
		assert.match(stdout, /^~ .*data\/size \(size, time\)$/m);
		assert.match(stdout, /3 to add, 3 to remove, 3 to change\n$/);
		await place.holdfast("restore", "--yes", provider, "latest");
		assert.deepEqual(await diff(), []);
	});
}

for (const [provider, options] of Object.entries({
	tar: (place: Place) => ({ destinations: { disk: { path: place.path("archives") } } }),
	"localbackup [long]": (place: Place) => ({ destinations: { disk: { directory: place.path("archives") } } }),
	"borgbackup [long]": (place: Place) => ({
		destinations: { disk: { repo: place.path("repo"), encryption: "none" } },
	}),
}))
	test(`a folder that is a link, and one with another state's in it, differ in what has changed alone, on ${provider}`, async () => {
		const place = new Place(folder);
		for (const file of ["private/linked/file", "outer/file", "outer/inner/file"]) place.write(file, "x");
		symlinkSync("private/linked", place.path("linked"));
		const states = ["linked", "outer", "outer/inner"].map((path) => [
			path.replace("outer/", ""),
			{ folders: [place.path(path)] },
		]);
		const [engine = ""] = provider.split(" ");
		place.declare({ state: Object.fromEntries(states), providers: { [engine]: options(place) } });
		assert.equal((await place.holdfast("create")).code, 0);
		const told = async (...words: string[]) => {
			const { stdout } = await place.holdfast("diff", ...words, "latest");
			return stdout.replaceAll(`${place.folder}/`, "").split("\n").slice(0, -2);
		};
		assert.deepEqual(await told(), []);
		place.write("private/linked/since", "");
		place.write("outer/inner/since", "");
		rmSync(place.path("outer/file"));
		assert.deepEqual(await told(), ["- linked/since", "+ outer/file", "- outer/inner/since"]);
		assert.deepEqual(await told("--service", "outer"), ["+ outer/file"]);
	});

const makeFolder = (file: string) => {
	rmSync(file);
	mkdirSync(file);
};

for (const [what, harm, why] of [
	[
		"damaged",
		(file: string) => writeFileSync(file, "no database"),
		/could not count the rows of .*app\.sqlite[\s\S]*a restore replaces it/,
	],
	["gone", (file: string) => rmSync(file), /the SQLite database .*app\.sqlite does not exist/],
	["a folder", makeFolder, /app\.sqlite is not a regular file/],
] as const)
	test(`a live database that is ${what} is not compared, and all the rest is`, async () => {
		const place = new Place(folder);
		const file = place.write("data/app.sqlite", "");
		for (const name of [file, place.path("data/other.sqlite")]) {
			const database = new DatabaseSync(name);
			database.exec("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2)");
			database.close();
		}
		place.write("data/file", "old");
		const dumps = [{ sqlite: file }, { sqlite: place.path("data/other.sqlite") }];
		place.declare({ state: { s: { folders: [place.path("data")], dumps } } });
		const made = await place.holdfast("create");
		assert.equal(made.code, 0, made.stderr);
		harm(file);
		rmSync(place.path("data/file"));
		const other = new DatabaseSync(place.path("data/other.sqlite"));
		other.exec("DELETE FROM t WHERE id = 2");
		other.close();
		const { code, stdout } = await place.holdfast("diff", "tar", "latest");
		assert.equal(code, 3, stdout);
		assert.match(stdout, /\+ .*data\/file/);
		assert.match(stdout, /other\.sqlite +t +1 +2/);
		assert.match(
			stdout,
			/! SQLite database .*app\.sqlite of s is not compared: its live rows could not be counted/,
		);
		assert.match(stdout, why);
		assert.doesNotMatch(stdout, /\/var\/tmp\//);
		assert.equal((await place.holdfast("restore", "--yes", "tar", "latest")).code, 0);
		assert.equal((await place.holdfast("diff", "tar", "latest")).code, 0);
	});
