// Commands whose output nobody reads: a recovery and an adoption complete, a command that only reads ends with its reader,
// and what became of a run that nobody saw end is told later.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { file, HOLDFAST, runs, setUp } from "./notes-place.ts";

const folder = scratch("unheard");

test("a recovery goes on when nobody reads it and its terminal goes", async () => {
	for (const point of ["aside:notes:0#undo-before", "aside:notes:0#back", "area:notes:0#removed"]) {
		const { place } = await setUp(folder);
		await place.start(
			["restore", "--yes", "tar", "latest"],
			["env", "HOLDFAST_FAULT=kill@aside:notes:0#renamed"],
		).ended;
		assert.ok(!existsSync(place.path("notes")));
		const { child, ended } = place.start(["recover"], ["env", `HOLDFAST_FAULT=hangup@${point}`]);
		child.stdout?.destroy();
		child.stderr?.destroy();
		assert.equal((await ended).code, 0, point);
		assert.equal(file(place), "changed", point);
		assert.equal(runs(place)[0]?.outcome, "recovered", point);
	}
});

test("adopt writes its config although nobody reads what it shows", async () => {
	const { place } = await setUp(folder);
	for (const [how, name] of [
		["| head -c 1", "a.yaml"],
		[">&-", "b.yaml"],
		[">&- 2>&-", "c.yaml"],
	]) {
		const line = `$0 adopt ${place.path("archives")} --yes --output ${place.path(name ?? "")} ${how}`;
		spawnSync("sh", ["-c", line, HOLDFAST], {
			cwd: place.folder,
			env: place.env,
		});
		assert.equal((await place.holdfast("validate", "--config", place.path(name ?? ""))).code, 0, how);
	}
});

test("what only reads ends with its reader, quietly", async () => {
	const { place } = await setUp(folder);
	for (const words of ["schema", "list --json", "runs --json", "archives browse latest --provider tar"]) {
		const line = `${HOLDFAST} ${words} 2>err | head -c 1 >/dev/null; cat err`;
		const { stdout } = spawnSync("sh", ["-c", line], { cwd: place.folder, env: place.env, encoding: "utf8" });
		assert.equal(stdout, "", words);
	}
});

test("an answer that could not be written is a failure; a run that went well stays one", async () => {
	const { place } = await setUp(folder);
	for (const [words, code] of [
		["list", 1],
		["list --json", 1],
		["status --json", 1],
		["schema", 1],
		["create --json", 0],
	] as const) {
		const line = `${HOLDFAST} ${words} >/dev/full`;
		const { status, stderr } = spawnSync("sh", ["-c", line], {
			cwd: place.folder,
			env: place.env,
			encoding: "utf8",
		});
		assert.equal(status, code, `${words}: ${stderr}`);
		assert.match(stderr, /the output could not be written: .*ENOSPC/, words);
	}
});

test("a file that the output goes to is written on, not over", async () => {
	const { place } = await setUp(folder);
	const line = `(echo start; $0 create; echo middle; $0 create; echo end) >out 2>&1; cat out`;
	const { stdout } = spawnSync("sh", ["-c", line, HOLDFAST], {
		cwd: place.folder,
		env: place.env,
		encoding: "utf8",
	});
	assert.match(stdout, /^start\n✔ [\s\S]*\ndone: run .*\nmiddle\n✔ [\s\S]*\ndone: run .*\nend\n$/);
});

test("a question ends with its terminal, and nothing was begun", async () => {
	const { place } = await setUp(folder);
	const argv = `${HOLDFAST} restore tar latest`;
	const child = spawn("script", ["-qec", argv, "/dev/null"], {
		cwd: place.folder,
		env: { ...place.env, TERM: "xterm", SHELL: "/bin/sh" },
		stdio: ["pipe", "pipe", "ignore"],
	});
	let text = "";
	child.stdout.on("data", (chunk) => {
		text += chunk;
	});
	while (!text.includes("[y/N]")) await pause(20);
	const known = runs(place).length;
	child.kill("SIGKILL");
	await pause(500);
	assert.equal(runs(place).length, known);
	assert.equal(file(place), "changed");
	assert.equal(spawnSync("pgrep", ["-f", `--config ${place.folder}|${place.folder}`]).stdout.toString(), "");
});

test("a run that died is told as died, at its step, until it is brought to its end", async () => {
	const { place, ok } = await setUp(folder, "waits");
	place.write("waits", "");
	const { child, ended } = place.start(["restore", "--yes", "tar", "latest"]);
	while (!existsSync(place.path("begun"))) await pause(10);
	const during = await place.holdfast("runs");
	assert.match(during.stdout, /restore +web01 +running/);
	child.kill("SIGKILL");
	rmSync(place.path("waits"));
	await ended;
	const [last] = runs(place);
	assert.equal(last?.outcome, "died");
	const table = await ok("runs");
	assert.match(table, /restore +web01 +died \(holdfast recover\)/);
	const { code, stdout } = await place.holdfast("status");
	assert.equal(code, 1);
	assert.match(
		stdout,
		new RegExp(`✘ web01: the restore ${last?.id} died at ".*preRestore.*": .*holdfast recover`),
	);
	await ok("recover");
	assert.equal((await place.holdfast("status")).code, 0);
});

test("a destination that cannot be asked is the error, not that it holds nothing", async () => {
	const place = new Place(folder);
	place.write("notes/file", "as it was");
	const passphraseFile = place.write("passphrase", "right\n");
	place.declare({
		state: { notes: { folders: [place.path("notes")] } },
		providers: { restic: { destinations: { disk: { repo: place.path("repo"), passphraseFile } } } },
	});
	assert.equal((await place.holdfast("create")).code, 0);
	writeFileSync(passphraseFile, "wrong\n");
	const restored = await place.holdfast("restore", "--yes", "restic", "latest");
	assert.equal(restored.code, 1);
	assert.match(
		restored.stderr,
		/^holdfast: restic\/disk could not be listed: the passphrase of .* is wrong/m,
	);
	assert.doesNotMatch(restored.stderr, /no archive/);
	const listed = await place.holdfast("list");
	assert.doesNotMatch(listed.stdout, /no archives yet/);
	assert.match(listed.stderr, /is wrong/);
});
