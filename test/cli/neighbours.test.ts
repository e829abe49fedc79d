// One state fails: what to type for it alone, and for the others.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { before, test } from "node:test";
import { namingConfig } from "../../src/cli/alone.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const place = new Place(scratch("neighbours"));
const state = (name: string, more = {}) => ({ [name]: { folders: [place.path(name)], ...more } });
const declared = (alpha = {}) => ({
	state: { ...state("alpha", alpha), ...state("beta"), ...state("gamma") },
	providers: { tar: { destinations: { disk: { path: place.path("archives") } } } },
});

before(() => {
	for (const name of ["alpha", "beta", "gamma"]) place.write(`${name}/file`, "old");
	place.declare(declared({ hooks: { preBackup: `test -e ${place.path("is-well")}` } }));
});

/** The command that a line of the output proposes. */
const proposedIn = (text: string, line: RegExp) => (line.exec(text)?.[1] ?? "").split(" ");

test("create: how to back up the state that failed, without the others", async () => {
	const { code, stderr } = await place.holdfast("create");
	assert.equal(code, 3);
	const words = proposedIn(stderr, /^! to back up only alpha when that is fixed: holdfast (.*)$/m);
	assert.deepEqual(words, ["create", "--service", "alpha", "web01"]);
	const { stdout } = await place.holdfast("runs", "show", "latest");
	assert.match(stdout, /^Ended: partial\n✘ state alpha: /m);
});

test("restore of all: which others can be restored", async () => {
	const latest = await place.holdfast("restore", "--dry-run", "latest");
	assert.match(latest.stderr, /no complete archive of alpha was found\n.*: --service beta --service gamma$/m);
	const named = await place.holdfast("restore", "--dry-run", "web01-2");
	assert.match(
		named.stderr,
		/marks alpha as failed: .*\n.*to restore the others: --service beta --service gamma$/m,
	);
	const others = await place.holdfast(
		"restore",
		"--dry-run",
		"--service",
		"beta",
		"--service",
		"gamma",
		"latest",
	);
	assert.equal(others.code, 0, others.stderr);
});

test("each state in an archive of its own: one at a time", async () => {
	place.write("is-well", "");
	assert.equal((await place.holdfast("create", "--service", "alpha", "web01")).code, 0);
	const { stderr } = await place.holdfast("restore", "--dry-run", "latest");
	assert.match(
		stderr,
		/each is complete in an archive of its own: restore them one at a time, with --service alpha/,
	);
});

test("restore: how to restore the state that failed, without the others", async () => {
	assert.equal((await place.holdfast("create")).code, 0);
	const check = { script: `test -e ${place.path("is-well")}`, within: "1s" };
	place.declare(declared({ healthChecks: [check] }));
	rmSync(place.path("is-well"));
	const { code, stderr } = await place.holdfast("restore", "--yes", "latest");
	assert.equal(code, 3, stderr);
	const kept = await place.holdfast("restore", "--yes", "--keep-old", "1d", "latest");
	assert.equal(kept.code, 3, kept.stderr);
	assert.doesNotMatch(kept.stderr, /to restore only alpha/, "that would keep no old copy");
	const words = proposedIn(stderr, /^! to restore only alpha when that is fixed: holdfast (.*)$/m);
	assert.deepEqual(words.slice(0, 4), ["restore", "--service", "alpha", "web01"]);
	place.write("is-well", "");
	const again = await place.holdfast(...words, "--yes");
	assert.equal(again.code, 0, again.stderr);
});

test("a look at a restore that one state prevents names the others", async () => {
	place.declare(declared({ stopOnRestore: ["not-there.service"] }));
	const { code, stderr } = await place.holdfast("restore", "--dry-run", "latest");
	assert.equal(code, 1);
	assert.match(stderr, /^✘ .*\n {2}→ to restore the others: --service beta --service gamma$/m);
	const alone = await place.holdfast("restore", "--dry-run", "--service", "alpha", "latest");
	assert.equal(alone.code, 1);
	assert.doesNotMatch(alone.stderr, /the others/);
});

/** Runs a command that fails for alpha, makes alpha well, and runs the command that was proposed. */
async function repeated(...typed: string[]): Promise<string[]> {
	const { code, stderr } = await place.holdfast(...typed);
	assert.equal(code, 3, stderr);
	const words = proposedIn(
		stderr,
		/^! to (?:back up|restore) only alpha when that is fixed: holdfast (.*)$/m,
	);
	place.write("is-well", "");
	const again = await place.holdfast(...words, ...(words[0] === "restore" ? ["--yes"] : []));
	assert.equal(again.code, 0, again.stderr);
	rmSync(place.path("is-well"));
	return words;
}

test("the command names the config, the provider and the machine that were named, so that it works as it is", async () => {
	const script = `test -e ${place.path("is-well")}`;
	const elsewhere = place.write(
		"elsewhere.json",
		JSON.stringify({
			machines: {
				web02: {
					...declared({ hooks: { preBackup: script }, healthChecks: [{ script, within: "1s" }] }),
					providers: {
						tar: { destinations: { disk: { path: place.path("archives") } } },
						own: { type: "tar", destinations: { usb: { path: place.path("usb") } } },
					},
				},
			},
		}),
	);
	for (const name of ["holdfast.json", "is-well"]) rmSync(place.path(name), { force: true });
	assert.deepEqual(await repeated("create", "--provider", "own", "--config", elsewhere), [
		...["create", "--service", "alpha", "--config", elsewhere, "--provider", "own", "web02"],
	]);
	const { archives } = JSON.parse(
		(await place.holdfast("list", "--json", "--config", elsewhere, "--from", "web01")).stdout,
	);
	type Listed = { id: string; metadata: { states: Record<string, { outcome: string }> } };
	const isWhole = ({ metadata: { states } }: Listed) =>
		["alpha", "beta", "gamma"].every((name) => states[name]?.outcome === "good");
	const { id } = archives.find(isWhole);
	const from = ["--config", elsewhere, "--from", "web01"];
	assert.deepEqual(await repeated("restore", "--yes", "--no-start", ...from, id), [
		...["restore", "--service", "alpha", ...from, "--no-start", "web02", id],
	]);
});

test("a command that another machine proposes gets the config that was named here", () => {
	const heard: string[] = [];
	const listener = namingConfig("my config.yaml", (event) => {
		if (event.type === "step-log") heard.push(event.line);
	});
	const say = (line: string) => listener({ v: 1, time: "", run: "r", type: "step-log", step: "", line });
	say("to back up only notes when that is fixed: holdfast create --service notes web01");
	say("something else");
	assert.deepEqual(heard, [
		"to back up only notes when that is fixed: holdfast create --service notes web01 --config 'my config.yaml'",
		"something else",
	]);
});
