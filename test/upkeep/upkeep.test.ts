// check, prune and archives, as users run them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("upkeep");

/** A state with a letter in it and this many archives of it, oldest first; the letter says which. */
async function withArchives(count: number, retention?: object) {
	const place = new Place(below);
	place.write("notes/letter", "0");
	place.write("notes/deep/file", "x".repeat(1000));
	place.declare({
		state: { notes: { folders: [place.path("notes")] } },
		providers: {
			tar: { destinations: { disk: { path: place.path("archives") } }, ...(retention ? { retention } : {}) },
		},
	});
	for (let index = 0; index < count; index++) {
		place.write("notes/letter", String(index));
		await ok(place, "create");
	}
	const names = (await listed(place)).map(({ name }) => name);
	return { place, names };
}
async function ok(place: Place, ...words: string[]) {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, 0, stdout + stderr);
	return { stdout, stderr };
}
const listed = async (place: Place): Promise<{ name: string; id: string; metadata: { hold?: object } }[]> =>
	JSON.parse((await ok(place, "list", "--json")).stdout).archives;

test("prune shows what goes and why, asks, and removes just that", async () => {
	const { place, names } = await withArchives(4, { keepLast: 2 });
	const look = await ok(place, "prune", "--dry-run");
	for (const [index, name] of names.entries())
		assert.match(
			look.stdout,
			new RegExp(`${index < 2 ? "PRUNE" : "keep"} .*${name} .*(last|newest good|no rule)`),
		);
	const refused = await place.holdfast("prune");
	assert.equal(refused.code, 2);
	assert.match(refused.stderr, /permanently removes archives, but there is no terminal/);
	assert.equal((await listed(place)).length, 4);
	await ok(place, "prune", "--yes");
	assert.deepEqual(
		(await listed(place)).map(({ name }) => name),
		names.slice(2),
	);
	assert.match((await ok(place, "runs")).stdout, /prune +web01 +done/);
	await ok(place, "prune", "--yes");
});

test("without a retention nothing is pruned, and the message says what to write", async () => {
	const { place } = await withArchives(1);
	const { code, stderr } = await place.holdfast("prune", "--yes");
	assert.equal(code, 2);
	assert.match(stderr, /no retention is set[\s\S]*retention: \{ daily: 7/);
});

test("a retention that keeps nothing is refused, with its line", async () => {
	const place = new Place(below);
	place.write(
		"holdfast.yaml",
		"machines:\n  web01:\n    providers:\n      tar:\n        retention: { daily: 0 }\n        destinations: { disk: { path: /mnt/x } }\n",
	);
	const { code, stderr } = await place.holdfast("validate");
	assert.equal(code, 2);
	assert.match(stderr, /holdfast\.yaml:5:9.*keeps nothing/);
});

test("an archive with a hold is not pruned until it is released", async () => {
	const { place, names } = await withArchives(3, { keepLast: 1 });
	const [oldest = "", second = ""] = names;
	await ok(place, "archives", "hold", oldest, "--reason", "the audit of 2026");
	assert.match((await ok(place, "archives", "show", oldest)).stdout, /hold +the audit of 2026, since/);
	await ok(place, "prune", "--yes");
	assert.deepEqual(
		(await listed(place)).map(({ name }) => name),
		names.filter((name) => name !== second),
	);
	await ok(place, "archives", "release", oldest);
	await ok(place, "prune", "--yes");
	assert.deepEqual(
		(await listed(place)).map(({ name }) => name),
		names.slice(2),
	);
});

test("check finds what a disk has lost, list goes on saying so, and a check that goes well ends it", async () => {
	const { place, names } = await withArchives(2);
	await ok(place, "check");
	await ok(place, "check", "--full");
	const data = place.path("archives", names[0] ?? "", "data.tar.zst");
	const whole = readFileSync(data);
	const flipped = Buffer.from(whole);
	flipped[30] = (flipped[30] ?? 0) ^ 1;
	writeFileSync(data, flipped);
	await ok(place, "check");
	const full = await place.holdfast("check", "--full");
	assert.equal(full.code, 1);
	assert.match(full.stderr, new RegExp(`is damaged[\\s\\S]*${names[0]}: .*damaged`));
	assert.match((await ok(place, "list")).stderr, /last check of tar\/disk failed at .*holdfast runs show/);
	assert.equal(JSON.parse((await ok(place, "list", "--json")).stdout).upkeep[0].operation, "check");
	truncateSync(data, 10);
	assert.equal((await place.holdfast("check")).code, 1);
	writeFileSync(data, whole);
	await ok(place, "check", "--full");
	assert.equal((await ok(place, "list")).stderr, "");
});

test("a destination that cannot be pruned fails for itself; the other is pruned", async () => {
	const place = new Place(below);
	place.write("notes/letter", "0");
	place.declare({
		state: { notes: { folders: [place.path("notes")] } },
		providers: {
			tar: {
				retention: { keepLast: 1 },
				destinations: { one: { path: place.path("one") }, two: { path: place.path("two") } },
			},
		},
	});
	await ok(place, "create");
	await ok(place, "create");
	rmSync(place.path("one"), { recursive: true });
	const { code, stderr } = await place.holdfast("prune", "--yes");
	assert.equal(code, 3);
	assert.match(stderr, /prune one \(tar\): .*\/one does not exist/);
	assert.equal(readdirSync(place.path("two")).length, 1);
	const { upkeep } = JSON.parse((await place.holdfast("list", "--json")).stdout);
	assert.deepEqual(
		upkeep.map(({ operation, destination }: { operation: string; destination: string }) => [
			operation,
			destination,
		]),
		[["prune", "tar/one"]],
	);
});

test("what nobody was shown stays: a destination that is first listed when the removal runs loses nothing", async () => {
	for (const words of [["prune"], ["prune", "--yes"]]) {
		const place = new Place(below);
		place.write("notes/letter", "0");
		place.declare({
			state: { notes: { folders: [place.path("notes")] } },
			providers: {
				// A disk that comes and goes: absent for the first listing, there for the second.
				localbackup: {
					retention: { keepLast: 1 },
					destinations: {
						disk: {
							directory: place.path("disk"),
							preMountHook: `if test -e ${place.path("fails")}; then rm ${place.path("fails")}; false; fi`,
						},
					},
				},
			},
		});
		await ok(place, "create");
		await ok(place, "create");
		const before = await listed(place);
		place.write("fails", "");
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 1, stdout + stderr);
		assert.match(
			stderr,
			/localbackup\/disk could not be listed: [\s\S]*could not be listed when the plan was made: nothing was removed/,
		);
		assert.deepEqual(await listed(place), before);
	}
});

test("a hook that fails after the archive was complete: the run says so, and the archive is and stays good", async () => {
	const place = new Place(below);
	place.write("notes/letter", "0");
	const declare = (hooks: object) =>
		place.declare({
			state: { notes: { folders: [place.path("notes")] } },
			providers: {
				localbackup: { destinations: { disk: { directory: place.path("disk"), ...hooks } } },
				tar: { destinations: { other: { path: place.path("other") } } },
			},
		});
	for (const [index, hook] of ["preUnmountHook", "postUnmountHook", "postBackupHook"].entries()) {
		declare({ [hook]: "exit 7" });
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 3, stderr);
		assert.match(
			stderr,
			new RegExp(
				`failed after the archive was complete: destination localbackup/disk: ${hook} of disk ended with exit code 7`,
			),
		);
		assert.doesNotMatch(stderr, /undone|still to do/);
		declare({});
		assert.equal((await listed(place)).length, 2 * (index + 1));
	}
	const { stdout } = await place.holdfast("status");
	assert.match(stdout, /✔ +web01 +notes +localbackup/);
	assert.match(stdout, /the last create succeeded only in part: .*postBackupHook of disk/);
	declare({ preUnmountHook: "exit 7" });
	for (const words of [["list"], ["restore", "--yes", "localbackup", "latest"]])
		assert.match(
			(await ok(place, ...words)).stderr,
			/^! preUnmountHook of disk ended with exit code 7, after everything was read$/m,
		);
	declare({});
	assert.doesNotMatch((await ok(place, "create")).stderr, /still to do/);
});

test("check tells what is wrong with one archive of that one alone", async () => {
	const { place, names } = await withArchives(3);
	const [first = "", second = ""] = names;
	const file = `archives/${first}/index.json`;
	const index = JSON.parse(readFileSync(place.path(file), "utf8"));
	index.segments[0].length = 2 ** 40;
	place.write(file, JSON.stringify(index));
	rmSync(place.path(`archives/${second}/data.tar.zst`));
	const { code, stdout, stderr } = await place.holdfast("check");
	assert.equal(code, 1, stderr);
	for (const [name, found] of names.map((one, at) => [one, at < 2] as const))
		assert.equal(
			(stdout + stderr).split("\n").filter((line) => line.includes(name)).length > 0,
			found,
			stdout + stderr,
		);
});

test("latest means the same for each command: where no state is named, the newest in which every one is good", async () => {
	const { place } = await withArchives(1);
	const tar = { destinations: { disk: { path: place.path("archives") } } };
	place.write("other/file", "x");
	const both = { notes: { folders: [place.path("notes")] }, other: { folders: [place.path("other")] } };
	place.declare({ state: both, providers: { tar } });
	await ok(place, "create");
	rmSync(place.path("other"), { recursive: true });
	assert.equal((await place.holdfast("create")).code, 3);
	const [, good = "", bad = ""] = (await listed(place)).map(({ name }) => name);
	const passed = new RegExp(`passed over: .*${bad} could not store other`);
	for (const words of [
		["archives", "show", "latest"],
		["archives", "hold", "latest"],
		["diff", "tar", "latest"],
		["restore", "--yes", "tar", "latest"],
	]) {
		const { stdout, stderr } = await place.holdfast(...words);
		assert.match(stderr, passed, words.join(" "));
		assert.match(stdout + stderr, new RegExp(`latest is .*${good}`), words.join(" "));
	}
	assert.deepEqual(
		(await listed(place)).map(({ metadata }) => metadata.hold !== undefined),
		[false, true, false],
	);
	await ok(place, "restore", "--yes", "--service", "notes", "tar", "latest");
	const last = await ok(place, "archives", "show", bad);
	assert.match(last.stdout, /other +failed/);
});

test("archives show, browse and extract, by id, by name and latest", async () => {
	const { place, names } = await withArchives(2);
	const [first = ""] = names;
	const shown = (await ok(place, "archives", "show", `disk::${place.path("archives")}::${first}`)).stdout;
	assert.match(shown, new RegExp(`archive +disk::.*::${first}`));
	assert.match(shown, /took +[\d.]+ m?s/);
	assert.match(shown, /by +\S+@\S+ with Holdfast \d/);
	assert.match(shown, /notes +good +\/.*\/notes/);
	const browsed = (await ok(place, "archives", "browse", "latest")).stdout;
	assert.match(browsed, /^-rw-r--r-- .* 1000 .*\/notes\/deep\/file$/m);
	const deep = (await ok(place, "archives", "browse", "latest", place.path("notes/deep"))).stdout;
	assert.equal(deep.trim().split("\n").length, 2);

	await ok(place, "archives", "extract", first, place.path("notes/letter"), "--into", place.path("out"));
	assert.equal(readFileSync(place.path("out/letter"), "utf8"), "0");
	const again = await place.holdfast(
		"archives",
		"extract",
		first,
		place.path("notes/letter"),
		"--into",
		place.path("out"),
	);
	assert.equal(again.code, 2);
	assert.match(again.stderr, /already exists/);
	await ok(place, "archives", "extract", "latest", place.path("notes/deep"), "--into", place.path("out"));
	assert.ok(statSync(place.path("out/deep/file")).isFile());
	assert.deepEqual(readdirSync(place.path("out")).sort(), ["deep", "letter"]);

	const missing = await place.holdfast("archives", "extract", "latest", join(place.path("notes"), "nothing"));
	assert.notEqual(missing.code, 0);
	const above = await place.holdfast(
		"archives",
		"extract",
		"latest",
		place.path("."),
		"--into",
		place.path("out"),
	);
	assert.equal(above.code, 2);
	assert.match(above.stderr, /is above the folders in .*[\s\S]*name one of these: .*\/notes/);
	const elsewhere = await place.holdfast("archives", "browse", "latest", "/etc");
	assert.equal(elsewhere.code, 2);
	assert.match(elsewhere.stderr, /\/etc is not in .*[\s\S]*it contains .*\/notes/);
});

test("what a check found at a destination that the config has no more is no news", async () => {
	const place = new Place(below);
	place.write("own/file", "data");
	const declare = (...names: string[]) =>
		place.declare({
			state: { s: { folders: [place.path("own")] } },
			providers: {
				tar: {
					destinations: Object.fromEntries(names.map((name) => [name, { path: place.path(name) }])),
				},
			},
		});
	declare("kept", "left");
	assert.equal((await place.holdfast("create")).code, 0);
	const [archive = ""] = readdirSync(place.path("left"));
	rmSync(place.path("left", archive, "data.tar.zst"));
	assert.equal((await place.holdfast("check")).code, 3);
	const bad = await place.holdfast("status");
	assert.equal(bad.code, 1);
	assert.match(bad.stdout, /the last check succeeded only in part: destination tar\/left/);
	declare("kept");
	const good = await place.holdfast("status");
	assert.equal(good.code, 0, good.stdout);
	const { stdout, stderr } = await ok(place, "list");
	assert.doesNotMatch(stdout + stderr, /last check|left/);
});
