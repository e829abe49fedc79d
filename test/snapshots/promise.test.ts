// `consistency`: an archive that is less than the config promises is stored, in doubt, and said everywhere.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("promise");

function placeWith(state: object): Place {
	const place = new Place(folder);
	place.write("data/file", "x");
	const machine = {
		metricsFile: place.path("metrics.prom"),
		state: { s: { folders: [place.path("data")], ...state } },
		providers: { tar: { destinations: { disk: { path: place.path("tar") } } } },
	};
	place.declare(machine);
	return place;
}

test("a lesser archive is stored in doubt, and the run fails", async () => {
	// No snapshot can be taken here, or is wanted by somebody who may.
	const place = placeWith({ consistency: "atomic", snapshot: "auto" });
	const made = await place.holdfast("create");
	assert.equal(made.code, 3, made.stdout + made.stderr);
	const why =
		/it is live, and the config promises atomic: its folders were read while its units may have.*; why not from a snapshot: holdfast create --dry-run/;
	assert.match(made.stdout + made.stderr, why);
	assert.match((await place.holdfast("list")).stdout, /s \(in doubt\)/);
	const status = await place.holdfast("status");
	assert.notEqual(status.code, 0);
	assert.match(status.stdout + status.stderr, /✘ .*\bs\b/);
	assert.match(status.stdout + status.stderr, why);
	const metrics = readFileSync(place.path("metrics.prom"), "utf8");
	assert.match(metrics, /holdfast_archive_in_doubt\{.*state="s".*\} 1/);
	assert.notEqual(
		(await place.holdfast("restore", "--yes", "--into", place.path("into"), "tar", "latest")).code,
		0,
	);

	const accepted = await place.holdfast("create", "--accept");
	assert.equal(accepted.code, 0, accepted.stderr);
	assert.equal((await place.holdfast("status")).code, 0);
});

test("one that is as good or better keeps the promise", async () => {
	const { code, stderr } = await placeWith({ consistency: "live" }).holdfast("create");
	assert.equal(code, 0, stderr);
});

test("a promise that no archive could keep is refused", async () => {
	const refused = async (state: object) => {
		const { code, stdout, stderr } = await placeWith(state).holdfast("validate");
		assert.equal(code, 2, stdout + stderr);
		return stdout + stderr;
	};
	assert.match(
		await refused({ consistency: "atomic" }),
		/"atomic" cannot be kept.*\n?.*snapshot: auto or require/,
	);
	assert.match(
		await refused({ consistency: "stopped", snapshot: "never" }),
		/at best its folders were read while its units may have written to them \(live\)/,
	);
	assert.match(await refused({ consistency: "fuzzy" }), /consistency/);
	assert.match(
		await refused({ snapshot: "auto", freezeOnBackup: ["system.slice"] }),
		/system\.slice cannot be frozen: only services and scopes can/,
	);
	assert.equal(
		(await placeWith({ consistency: "stopped", stopOnBackup: ["x"] }).holdfast("validate")).code,
		0,
	);
});

test("a user without root gets live archives, and is told why once", async () => {
	const place = new Place(folder);
	const state = (name: string) => [name, { folders: [place.path(name)], snapshot: "auto" }] as const;
	for (const name of ["one", "two"]) place.write(`${name}/file`, "x");
	place.declare({ state: Object.fromEntries([state("one"), state("two")]) });
	const isRoot = process.getuid?.() === 0;
	if (isRoot) execFileSync("chown", ["-R", "65534:65534", place.folder]);
	execFileSync("chmod", ["755", folder]);
	const as = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
	const { code, stdout, stderr } = await place.start(["create"], as).ended;
	assert.equal(code, 0, stderr);
	assert.equal((stdout + stderr).match(/only root can take one/g)?.length, 1, stderr);
	const shown = await place.start(["archives", "show", "--json", "tar", "latest"], as).ended;
	assert.equal(shown.stdout.match(/"consistency": ?"live"/g)?.length, 2, shown.stdout + shown.stderr);
});
