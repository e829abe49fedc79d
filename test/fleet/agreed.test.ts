// Restore and undo on another machine: what was shown and agreed to here is what happens there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { planAgreement } from "../../src/cli/agreed-plan.ts";
import { databaseName } from "../../src/plan/databases.ts";
import { fleetOf } from "../support/fleet.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("agreed");
const { holdfast, there, asked, archives } = await fleetOf(folder, []);
const own = join(folder, "honest");
const data = join(own, "data/file");

function createOf(content: string): void {
	writeFileSync(data, content);
	there("create", "--quiet");
}

test("`latest` is the archive that was shown, even if there is a newer one by the time of the answer", async () => {
	const before = archives();
	createOf("as shown");
	const [shown] = archives().filter((name) => !before.includes(name));
	const text = await asked("restore honest latest", () => createOf("of the newer one"));
	assert.equal(archives().length, before.length + 2, text);
	assert.match(text, new RegExp(`Restore notes on honest from d::\\S+::${shown}\\? \\[y/N\\]`));
	assert.equal(readFileSync(data, "utf8"), "as shown", text);
});

test("a plan that has changed since it was shown is not carried out", async () => {
	writeFileSync(data, "live");
	const [id] = archives();
	const text = await asked(`restore --service notes honest tar ${id}`, () => {
		spawnSync("sh", ["-c", `mv ${own}/data ${own}/elsewhere && ln -s elsewhere ${own}/data`]);
		writeFileSync(data, "another live");
	});
	assert.match(text, /the plan has changed on honest since it was shown; nothing was changed/);
	assert.match(text, /run the command again to see the new plan/);
	assert.equal(readFileSync(data, "utf8"), "another live");
	spawnSync("sh", ["-c", `rm ${own}/data && mv ${own}/elsewhere ${own}/data`]);
});

test("undo of `latest`: the restore that was shown, or none", async () => {
	createOf("backed up");
	writeFileSync(data, "before the first");
	there("restore", "--keep-old", "1d", "--yes", "latest");
	const text = await asked("undo latest --on honest", () => {
		writeFileSync(data, "before the second");
		there("restore", "--keep-old", "1d", "--yes", "latest");
	});
	assert.match(text, /Put back notes on honest\? Anything written there since is deleted\. \[y\/N\]/);
	assert.match(text, /the plan has changed on honest since it was shown/);
	assert.equal(readFileSync(data, "utf8"), "backed up");
	await asked("undo latest --on honest", () => {});
	assert.equal(readFileSync(data, "utf8"), "before the second");
});

test("what prevents a restore is said, and nothing is asked", async () => {
	const config = join(folder, "holdfast.json");
	const before = readFileSync(config, "utf8");
	const { machines, ...rest } = JSON.parse(before);
	machines.honest.state.notes.stopOnRestore = ["not-there.service"];
	writeFileSync(config, JSON.stringify({ ...rest, machines }));
	const { code, stdout, stderr } = await holdfast(["restore", "--service", "notes", "honest", "latest"]);
	writeFileSync(config, before);
	assert.equal(code, 1, stderr);
	assert.match(stdout, /^ +1\. \S/m, "the plan is shown");
	assert.match(stderr, /^✘ .*not-there\.service/m);
	assert.doesNotMatch(stderr, /confirm/, "with nobody to ask, a question would be an error");
});

test("an archive that is not there is said as well", async () => {
	const { code, stderr } = await holdfast(["restore", "--service", "notes", "honest", "honest-1999"]);
	assert.notEqual(code, 0);
	assert.match(stderr, /no archive/);
});

test("a plan with databases, whose names have the run's id in them, is the same plan in the next run", async () => {
	const { read } = await planAgreement(() => "?");
	const words = (run: string, state = "app") =>
		read(
			{
				...{ run, operation: "restore", manifest: { machine: "honest" }, goals: [] },
				steps: [
					{ kind: "load", id: "load:app:0", as: databaseName(run, state, 0, "new") },
					{ kind: "database-drop", id: "x", title: `drop ${databaseName(run, state, 0, "old")} of ${run}` },
				],
			},
			"honest",
		).words;
	const [first, next] = ["2026-11-28T072014Z-q4ym", "2026-11-28T072015Z-x1z9"];
	assert.deepEqual(words(first), words(next));
	assert.notDeepEqual(words(first), words(first, "other"));
});
