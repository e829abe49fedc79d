// A config that protects nothing is never shown as if all were well.
import assert from "node:assert/strict";
import { test } from "node:test";
import { unprotected } from "../../src/manifest/warnings.ts";
import { overviewText } from "../../src/report/text/overview.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("unprotected");

test("without a state, status says so and fails, validate warns, and create refuses", async () => {
	const place = new Place(folder);
	place.declare({ state: {} });
	const status = await place.holdfast("status");
	assert.equal(status.code, 1);
	assert.match(
		status.stdout,
		/^✘ web01: nothing is protected: the config declares no state of this machine/m,
	);
	assert.doesNotMatch(status.stdout, /✔|LAST GOOD/);
	const validated = await place.holdfast("validate");
	assert.equal(validated.code, 0);
	assert.match(validated.stderr, /^! web01: nothing is protected: the config declares no state/m);
	const created = await place.holdfast("create");
	assert.equal(created.code, 2);
	assert.match(created.stderr, /declares no state/);
});

test("without a place for archives, status says so and fails", async () => {
	const place = new Place(folder);
	place.declare({ state: { data: { folders: [place.path("data")] } }, providers: {} });
	const { code, stdout } = await place.holdfast("status");
	assert.equal(code, 1);
	assert.match(stdout, /^✘ web01: nothing is protected: the config names no place for archives/m);
});

test("holdfast alone says it in one line, and what to type", () => {
	const [problem = ""] = unprotected({ state: {}, providers: {} });
	const here = { machine: "web01", time: "", archives: [], runs: [], problems: [problem], timers: [] };
	const lines = overviewText({ file: "holdfast.yaml", here, backups: [], others: 0 });
	assert.equal(lines.filter((line) => /nothing is protected/i.test(line)).length, 1);
	assert.match(lines.at(-1) ?? "", /^Type: holdfast init --dry-run/);
});

test("a machine that only keeps the repositories of others is well without a state", () => {
	assert.deepEqual(unprotected({ state: {}, providers: {}, borgServer: { user: "borg" } }), []);
});

test("a machine of which nothing has to be backed up says so, and is left out of what is done for several", async () => {
	const place = new Place(folder);
	place.write("data/file", "precious");
	const providers = { tar: { destinations: { disk: { path: place.path("archives") } } } };
	const declare = (relay: object) =>
		place.write(
			"holdfast.json",
			JSON.stringify({
				machines: { web01: { state: { data: { folders: [place.path("data")] } }, providers }, relay },
			}),
		);
	declare({ providers, stateless: true });
	const created = await place.holdfast("create", "--all");
	assert.equal(created.code, 0, created.stderr);
	const status = await place.holdfast("status", "--all");
	assert.equal(status.code, 0, status.stdout + status.stderr);
	assert.doesNotMatch(status.stdout, /relay/);
	const named = await place.holdfast("status", "relay");
	assert.deepEqual([named.code, named.stdout], [0, "relay is stateless: nothing to back up\n"]);
	declare({ providers });
	assert.equal((await place.holdfast("status", "--all")).code, 1);
	declare({ providers, stateless: true, state: { data: { folders: [place.path("data")] } } });
	const both = await place.holdfast("validate");
	assert.equal(both.code, 2);
	assert.match(both.stderr, /the machine has a state, "data"/);
});

test("a machine of which nothing has to be backed up is not asked, and is not meant where no name is given", async () => {
	const place = new Place(folder);
	place.write("data/file", "precious");
	const providers = { tar: { destinations: { disk: { path: place.path("archives") } } } };
	const state = { data: { folders: [place.path("data")] } };
	const nas = { host: "root@nas.invalid", tags: ["cold"] };
	place.write(
		"holdfast.json",
		JSON.stringify({ tags: { cold: { stateless: true } }, machines: { web01: { state, providers }, nas } }),
	);
	for (const [words, said] of [
		[["create"], /^done: run/m],
		[["list"], /web01-/],
		[["list", "web01"], /web01-/],
		[["restore", "--dry-run", "latest"], /put the restored/],
		[["status", "--all"], /^web01: create done/m],
		[["status", "web01", "nas"], /^web01: create .*\nnas is stateless: nothing to back up$/m],
		[["status", "nas"], /^nas is stateless: nothing to back up\n$/],
	] as const) {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
		assert.match(words[0] === "create" ? stderr : stdout, said, words.join(" "));
		assert.ok(stdout.includes("nas is stateless") || !/\bnas\b/.test(stdout + stderr), stdout + stderr);
	}
	const asData = JSON.parse((await place.holdfast("status", "nas", "--json")).stdout);
	assert.deepEqual([asData.machine, asData.isStateless, asData.problems], ["nas", true, []]);
	for (const words of [
		["create", "nas"],
		["list", "nas"],
		["check", "nas"],
		["restore", "nas", "disk", "latest"],
	]) {
		const { code, stderr } = await place.holdfast(...words);
		assert.equal(code, 2, words.join(" "));
		assert.match(
			stderr,
			/^holdfast: nas is stateless: nothing to back up\n {2}→ if that has changed, declare a state/,
		);
	}
	assert.match((await place.holdfast("deploy", "--dry-run")).stderr, /which machine\?/);
});

test("runs show without an id shows the newest run", async () => {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	const none = await place.holdfast("runs", "show");
	assert.equal(none.code, 2);
	assert.match(none.stderr, /^holdfast: there has been no run on this machine\n$/);
	assert.equal((await place.holdfast("create")).code, 0);
	const shown = await place.holdfast("runs", "show");
	assert.equal(shown.code, 0);
	assert.equal(shown.stdout, (await place.holdfast("runs", "show", "latest")).stdout);
});
