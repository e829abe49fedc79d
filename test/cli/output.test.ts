// Output for people and programs: JSON for programs, plain lines in logs, a live display only on a terminal.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunEvent } from "../../src/run/event.ts";
import { RunReporter } from "../../src/run/run-reporter.ts";
import type { Plan, Step } from "../../src/steps/plan.ts";
import { VERSION } from "../../src/values/version.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("output");

function placeWithData(hooks = {}): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")], hooks } } });
	return place;
}

test("the version is the package's", async () => {
	const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
	assert.equal(VERSION, version);
	assert.equal((await placeWithData().holdfast("--version")).stdout, `${version}\n`);
});

test("--json prints one event a line on stdout and nothing on stderr", async () => {
	const place = placeWithData();
	const { code, stdout, stderr } = await place.holdfast("create", "--json");
	assert.equal(code, 0);
	assert.equal(stderr, "");
	const events = stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as RunEvent);
	assert.equal(events[0]?.type, "run-started");
	assert.ok(events.every(({ v, run }) => v === 1 && run === events[0]?.run));
	const last = events.at(-1);
	assert.ok(last?.type === "run-ended" && last.outcome === "done");
	const result = last.results["create:tar/disk"] as { archive: string };
	const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
	assert.equal(archives[0].id, result.archive);
});

test("an error is JSON as well when JSON was asked for", async () => {
	const place = placeWithData();
	const { code, stdout } = await place.holdfast("restore", "--json", "--yes", "tar", "nothing");
	assert.equal(code, 1);
	const { error } = JSON.parse(stdout);
	assert.equal(error.code, "repository-not-found");
	assert.match(error.message, /tar\/disk could not be listed: .* does not exist/);
	assert.match(error.hint, /fix that|check that the disk is mounted/);
});

test("results go to stdout, messages to stderr, and --quiet leaves only failures", async () => {
	const place = placeWithData();
	const created = await place.holdfast("create");
	assert.equal(created.stdout, "");
	assert.match(created.stderr, /^✔ check the folders of data .*\n✔ write web01-/);
	const quiet = await place.holdfast("create", "--quiet");
	assert.deepEqual([quiet.stdout, quiet.stderr], ["", ""]);
	const listed = await place.holdfast("list");
	assert.match(listed.stdout, /^TIME .*\n20.* data .*disk::\/.*\n20/);
	assert.equal(listed.stderr, "");
});

test("a terminal sees what is under way; NO_COLOR and pipes get plain lines", async () => {
	const place = placeWithData({ preBackup: "sleep 1" });
	const onTerminal = (env: object) =>
		spawnSync(
			"script",
			[
				"-qec",
				`stty cols 100 rows 30; ${join(import.meta.dirname, "../../bin/holdfast")} create`,
				"/dev/null",
			],
			{
				cwd: place.folder,
				env: { ...place.env, TERM: "xterm", NO_COLOR: "", ...env },
				encoding: "utf8",
			},
		).stdout;
	const live = onTerminal({});
	assert.match(live, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] run preBackup of data/);
	assert.match(live, /step 1 of 3/);
	assert.match(live, /✔ write web01-/);
	const plain = onTerminal({ NO_COLOR: "1" });
	assert.ok(!plain.includes("\u001b") && !plain.includes("⠋"));
	assert.match(plain, /✔ write web01-/);
});

test("runs lists past runs with what became of them, and shows one's steps and log", async () => {
	const place = placeWithData({ preBackup: "echo a line of the hook" });
	await place.holdfast("create");
	const { stdout } = await place.holdfast("runs");
	const [, started, operation, machine, outcome, took, id] =
		/\n(\S+ \S+) +(\S+) +(\S+) +(\S+) +(\d+ ms|\d+\.\d s) +(\S+)\n/.exec(stdout) ?? [];
	assert.deepEqual([operation, machine, outcome], ["create", "web01", "done"]);
	assert.ok(started && took && id);
	const shown = await place.holdfast("runs", "show", id);
	assert.match(shown.stdout, /done +run preBackup of data\n/);
	assert.match(shown.stdout, /preBackup:data: a line of the hook/);
	const unknown = await place.holdfast("runs", "show", "nothing");
	assert.equal(unknown.code, 2);
});

test("the same three commands under Clan's name, flags before and after", async () => {
	const place = placeWithData();
	assert.equal((await place.holdfast("backups", "create", "web01")).code, 0);
	const { stdout } = await place.holdfast("--config", "holdfast.json", "backups", "list", "web01");
	assert.match(stdout, /disk::/);
	const restored = await place.holdfast(
		"backups",
		"restore",
		"--service",
		"data",
		"web01",
		"tar",
		"latest",
		"--yes",
	);
	assert.equal(restored.code, 0, restored.stderr);
});

for (const [words, expected] of [
	[["create", "web02"], /there is no machine "web02".*\n.*did you mean "web01"/],
	[
		["create", "data"],
		/there is no machine "data".*\n.*"data" is a state of web01: name it with --service data$/m,
	],
	[["create", "--service", "dta"], /has no state "dta"\n.*did you mean "data"\?/],
	[["create", "--service", "data,data"], /use one option for each: --service data --service data$/m],
	[["create", "--provider", "borg"], /has no provider "borg"\n.*its providers are: tar$/m],
	[["restore", "dsk", "latest"], /has no provider or destination "dsk"\n.*did you mean "disk"\?\n/],
	[["restore", "data", "latest"], /"data" is a state.*\n.*holdfast restore --service data latest\n/],
	[["archives", "show", "data", "latest"], /"data" is a state.*\n.*holdfast archives show latest\n/],
	[
		["restore", "tar"],
		/^holdfast: "tar" is a provider: name an archive too\n.*holdfast restore tar latest$/m,
	],
	[["archives", "extract", "latest"], /^holdfast: FILE is missing\n.*holdfast archives extract --help$/m],
	[["archives", "extract"], /^holdfast: ARCHIVE and FILE are missing\n.*holdfast archives extract --help$/m],
	[["restore", "a", "b", "c", "d"], /^holdfast: unexpected argument "d": at most 3 arguments can be given$/m],
	[
		["archives", "show"],
		/^holdfast: ARCHIVE is missing\n.*latest.*holdfast list prints.*holdfast archives show --help$/m,
	],
	[["archives", "--quiet"], /^holdfast: a command must come before --quiet\n.*holdfast archives --help$/m],
	[["crate"], /^holdfast: unknown command "crate"; did you mean "create"\?\n.*holdfast --help$/m],
	[["list", "--nope"], /^holdfast: unknown option --nope\n.*holdfast list --help$/m],
	[["list", "--jsno"], /unknown option --jsno; did you mean --json\?$/m],
	[["list", "-z"], /unknown option -z$/m],
	[["list", "-y"], /unknown option -y$/m],
	[["restore", "-y", "latest"], /unknown option -y; did you mean --yes\?$/m],
	[["restore", "--dryrun", "latest"], /unknown option --dryrun; did you mean --dry-run\?$/m],
	[["restore", "--dry", "latest"], /unknown option --dry; did you mean --dry-run\?$/m],
	[["restore", "--keepOdl", "7d", "latest"], /unknown option --keepOdl; did you mean --keep-old\?$/m],
	[["-V"], /^holdfast: a command must come before -V\n.*did you mean: holdfast --version$/m],
	[["backup"], /did you mean "create"\?$/m],
	[["ls"], /did you mean "list"\?$/m],
	[["snapshots"], /did you mean "list"\?$/m],
	[["help", "restoer"], /did you mean "restore"\?$/m],
	[["archives", "shwo"], /did you mean "archives show"\?\n.*: holdfast archives --help$/m],
	[["runs", "shwo"], /unexpected argument "shwo".*\n.*did you mean: holdfast runs show$/m],
	[["modules", "shwo", "x"], /\n.*did you mean: holdfast modules show$/m],
	[["version"], /did you mean "--version"\?$/m],
	[["archives", "ls"], /^holdfast: unknown command "archives ls"$/m],
	[["check", "disk"], /"disk" is a destination of provider "tar": name it with --provider tar$/m],
	[["status", "disk"], /"disk" is a destination of provider "tar": here, only a machine can be named$/m],
	[["list", "data"], /"data" is a state of web01: name it with --service data$/m],
	[["list", "tar"], /"tar" is a provider: name it with --provider tar$/m],
	[
		["restore", "--service", "latest"],
		/^holdfast: --service takes the name of a state, and "latest" is an archive\n.*--service NAME latest;.* empty.*: data$/m,
	],
	[["diff", "--service", "latest", "data"], /--service takes the name of a state/],
	[["list", "--json=3"], /^holdfast: --json takes no value$/m],
	[["create", "--wait"], /^holdfast: --wait needs a value$/m],
	[["create", "--wait", "3x"], /^holdfast: --wait: write a time such as 30s, .* not 3x$/m],
	[["list", "--config", "absent.yaml"], /the config file .* does not exist/],
] as const) {
	test(`holdfast ${words.join(" ")} ends with exit code 2 and says why`, async () => {
		const { code, stderr } = await placeWithData().holdfast(...words);
		assert.equal(code, 2, stderr);
		assert.match(stderr, expected);
		assert.doesNotMatch(stderr, /\n\s+at /, "no stack trace");
	});
}

test("an unknown command is told with its code in JSON too", async () => {
	const { code, stdout } = await placeWithData().holdfast("crate", "--json");
	assert.equal(code, 2);
	assert.equal(JSON.parse(stdout).error.code, "usage");
});

test("schema prints JSON Schema of the config and of the manifest; manifest fulfils its own", async () => {
	const place = placeWithData();
	const config = JSON.parse((await place.holdfast("schema")).stdout);
	assert.ok(config.properties.machines);
	const manifest = JSON.parse((await place.holdfast("schema", "--manifest")).stdout);
	assert.deepEqual(manifest.required, ["version", "machine", "state", "providers"]);
	const { stdout } = await place.holdfast("manifest", "web01");
	assert.equal(JSON.parse(stdout).version, 1);
});

test("an engine may tell of every file; of a step's progress it is heard a few times a second", () => {
	const heard: string[] = [];
	const listener = (event: RunEvent) => {
		if (event.type === "step-progress") heard.push(event.step);
	};
	const reporter = new RunReporter({ run: "r" } as Plan, listener);
	const began = performance.now();
	let told = 0;
	for (; performance.now() - began < 700; told++)
		for (const id of ["one", "two"]) reporter.progress({ id } as Step, { bytes: told });
	assert.ok(told > 1_000);
	for (const id of ["one", "two"]) {
		const times = heard.filter((step) => step === id).length;
		assert.ok(times >= 2 && times <= 3, `${times}`);
	}
});
