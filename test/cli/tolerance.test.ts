// A mistake in what a restore does not need is a warning for the commands that look at archives or bring data back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const place = new Place(scratch("tolerance"));

/** `upkeep`: keys of the provider. `machine`: keys of the machine. */
function config(upkeep: string, machine = "", folders = "folders"): string {
	return place.write(
		"faulty.yaml",
		`machines:
  web01:
    state: { data: { ${folders}: [${place.path("data")}] } }
    ${machine}
    providers: { tar: { ${upkeep} destinations: { disk: { path: ${place.path("archives")} } } } }
`,
	);
}

before(async () => {
	place.write("data/file", "old");
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	assert.equal((await place.holdfast("create")).code, 0);
});

const FAULTS = [
	["retention: { dayly: 7 },", "", /faulty\.yaml:5:\d+: unknown key "dayly"/],
	["retention: daily,", "", /faulty\.yaml:5:\d+: .*retention/],
	["schedule: 7,", "", /faulty\.yaml:5:\d+: /],
	["", "notify: [{ slack: x }]", /faulty\.yaml:4:\d+: /],
	["", "schedule: { creat: daily }", /faulty\.yaml:4:\d+: unknown key "creat"/],
	["", "metricsFile: metrics", /faulty\.yaml:4:\d+: /],
] as const;

for (const [upkeep, machine, said] of FAULTS)
	test(`${upkeep || machine}`, async () => {
		const file = config(upkeep, machine);
		for (const words of [["list"], ["restore", "--dry-run", "latest"], ["archives", "show", "latest"]]) {
			const { code, stderr } = await place.holdfast(...words, "--config", file);
			assert.equal(code, 0, stderr);
			assert.match(stderr, said);
			assert.match(stderr, /^! .*\n! this is not needed here and is ignored/m);
		}
		for (const words of [["create"], ["prune", "--yes"], ["check"], ["validate"]]) {
			const { code, stderr } = await place.holdfast(...words, "--config", file);
			assert.equal(code, 2, words.join(" "));
			assert.match(stderr, said);
		}
	});

test("a restore brings the data back, and its output for programs is as always", async () => {
	const file = config("retention: { dayly: 7 },");
	place.write("data/file", "newer");
	const { code, stdout, stderr } = await place.holdfast(
		"restore",
		"--yes",
		"latest",
		"--json",
		"--config",
		file,
	);
	assert.equal(code, 0, stderr);
	for (const line of stdout.trim().split("\n")) JSON.parse(line);
	assert.equal(readFileSync(place.path("data/file"), "utf8"), "old");
});

test("status judges by maxAge, and a restore does not", async () => {
	const file = config("maxAge: 1 fortnight,");
	assert.equal((await place.holdfast("restore", "--dry-run", "latest", "--config", file)).code, 0);
	assert.equal((await place.holdfast("status", "--config", file)).code, 2);
	assert.notEqual((await place.holdfast("status", "--config", config("retention: { dayly: 7 },"))).code, 2);
});

test("status says that the next backup will be refused, and why", async () => {
	const file = config("retention: { dayly: 7 },");
	const { code, stdout, stderr } = await place.holdfast("status", "--config", file);
	assert.equal(code, 1);
	assert.match(
		stdout.replaceAll(/\n +/g, " "),
		/^✘ web01: the next `holdfast create` will be refused, and `check` and `prune` too, because of a mistake in the config: \S*faulty\.yaml:5:\d+: unknown key "dayly"/m,
	);
	assert.equal(stderr, "");
	const { problems } = JSON.parse((await place.holdfast("status", "--json", "--config", file)).stdout);
	assert.match(problems[0], /will be refused/);
	assert.equal((await place.holdfast("status")).code, 0);
});

test("with a mistake in what is needed, all are reported", async () => {
	const file = config("retention: { dayly: 7 },", "", "foldrs");
	const { code, stderr } = await place.holdfast("restore", "--dry-run", "latest", "--config", file);
	assert.equal(code, 2);
	assert.match(stderr, /unknown key "foldrs"[\s\S]*unknown key "dayly"/);
});

test("what is wrong beside it in the same provider is not hidden by it", async () => {
	const file = config("retention: { dayly: 7 }, mountpint: /mnt,");
	const { code, stderr } = await place.holdfast("list", "--config", file);
	assert.equal(code, 2);
	assert.match(stderr, /"mountpint"/);
	assert.match(stderr, /unknown key "dayly"/);
});
