// Messages for somebody who does not know the program yet: what happened, where, and what to do next.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { unreadableOf } from "../../src/engines/restic/unreadable.ts";
import { statusText } from "../../src/report/text/status.ts";
import { takeLock } from "../../src/run/lock.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("said");

function placeWithData(): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	return place;
}

describe("in a folder that is gone", () => {
	/** From within a folder that is deleted before the program starts. */
	const fromNowhere = (place: Place, ...args: string[]) =>
		place.start(args, ["sh", "-ec", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "sh"]).ended;

	test("what does not need it works", async () => {
		const place = placeWithData();
		const config = ["--config", place.path("holdfast.json")];
		const created = await fromNowhere(place, "create", ...config);
		assert.equal(created.code, 0, created.stderr);
		const restored = await fromNowhere(place, "restore", "--yes", "tar", "latest", ...config);
		assert.equal(restored.code, 0, restored.stderr);
		const listed = await fromNowhere(place, "list", "--json", ...config);
		assert.equal(JSON.parse(listed.stdout).archives.length, 1);
	});

	test("what needs it says what happened, and what to do", async () => {
		const place = placeWithData();
		for (const args of [
			["validate", "--config", "holdfast.json"],
			[
				"archives",
				"extract",
				"latest",
				join(place.path("data"), "file"),
				"--config",
				place.path("holdfast.json"),
			],
		]) {
			const { code, stderr } = await fromNowhere(place, ...args);
			assert.equal(code, 2, stderr);
			assert.match(stderr, /the current folder no longer exists/);
			assert.match(stderr, /→ change to another folder; to change to the folder that replaced it: cd \./);
			assert.doesNotMatch(stderr, /uv_cwd/);
		}
	});
});

test("a state that is not in the config is refused before anything is listed; beside, one that an archive holds is restored", async () => {
	const place = placeWithData();
	for (const args of [
		["restore", "--service", "nope", "--yes", "tar", "latest"],
		["restore", "--service", "nope", "--yes", "--into", place.path("look"), "tar", "latest"],
		["diff", "--service", "nope", "tar", "latest"],
		["create", "--service", "nope"],
	]) {
		const { code, stderr } = await place.holdfast(...args);
		// There is no archive at all; the message would say so if archives were listed.
		assert.equal(code, 2, stderr);
		assert.match(stderr, /has no state "nope"\n {2}→ its states are: data/);
	}
	place.write("old/file", "from before");
	place.declare({ state: { old: { folders: [place.path("old")] } } });
	assert.equal((await place.holdfast("create")).code, 0);
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	const beside = await place.holdfast(
		"restore",
		"--service",
		"old",
		"--into",
		place.path("look"),
		"tar",
		"latest",
	);
	assert.equal(beside.code, 0, beside.stderr);
});

test("hold and release say what they did, in every destination that has the archive, and list shows it", async () => {
	const place = placeWithData();
	const disks = { disk: { path: place.path("archives") }, usb: { path: place.path("usb") } };
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: { tar: { destinations: disks } },
	});
	assert.equal((await place.holdfast("create")).code, 0);
	const ids = async () => {
		const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
		return archives as { id: string; name: string; metadata: { hold?: { reason: string } } }[];
	};
	const [first, second] = await ids();
	assert.ok(first && second);
	const held = await place.holdfast("archives", "hold", first.name, "--reason", "the audit");
	assert.equal(held.code, 0, held.stderr);
	assert.deepEqual(
		held.stdout.trim().split("\n").sort(),
		[first, second].map(({ id }) => `held ${id}: the audit`).sort(),
	);
	const listed = await place.holdfast("list");
	assert.match(listed.stdout, /HELD +ARCHIVE\n.* the audit +(disk|usb)::/);
	const released = await place.holdfast("archives", "release", first.id);
	assert.equal(released.stdout, `released ${first.id}\n`);
	assert.deepEqual(
		(await ids()).map(({ metadata }) => metadata.hold?.reason).sort(),
		["the audit", undefined].sort(),
	);
	assert.match((await place.holdfast("archives", "release", first.id)).stdout, /had no hold/);
	const all = await place.holdfast("archives", "hold", "latest", "--json");
	assert.deepEqual(
		JSON.parse(all.stdout).archives.map(({ id, hold }: { id: string; hold: { reason: string } }) => [
			id,
			hold.reason,
		]),
		(await ids()).map(({ id }) => [id, "no reason given"]),
	);
	// Anyone who can write to one of the two can make its archive claim another run: the other is held too.
	for (const { id } of await ids()) await place.holdfast("archives", "release", id);
	const index = place.path("usb", first.name, "index.json");
	writeFileSync(index, readFileSync(index, "utf8").replace(/"run":"[^"]*"/, '"run":"forged"'));
	for (const wanted of ["latest", first.name]) {
		const { stdout } = await place.holdfast("archives", "hold", wanted);
		assert.match(stdout, /^held disk::/m, wanted);
	}
});

test("a path of a state that failed in this run: that is why an archive does not have it", async () => {
	const place = placeWithData();
	const gone = place.path("gone");
	place.declare({ state: { data: { folders: [place.path("data")] }, blog: { folders: [gone] } } });
	assert.equal((await place.holdfast("create")).code, 3);
	for (const path of [gone, join(gone, "file")]) {
		const { code, stderr } = await place.holdfast("archives", "extract", "latest", path);
		assert.equal(code, 2);
		assert.match(
			stderr,
			/is not in disk::.*\n {2}→ it does not contain state blog, which failed in that run\n/,
		);
	}
});

test("what is under way is no advice", () => {
	const run = { operation: "create", started: "2026-11-24T01:00:00Z", outcome: null };
	const lines = statusText([
		{
			...{ machine: "web01", time: run.started, archives: [], problems: [], timers: [] },
			...{ runs: [run as never], now: "holdfast create web01" },
		} as never,
	]);
	assert.match([...lines].join("\n"), /create under way, .*; running now: holdfast create web01$/m);
});

test("an unknown command: only what is near is proposed, and what changes live data only when it is all but typed", async () => {
	const place = placeWithData();
	const proposed = async (...typed: string[]) => {
		const { code, stderr } = await place.holdfast(...typed);
		assert.equal(code, 2, stderr);
		assert.match(
			stderr,
			/^holdfast: unknown command "[\w ]+"(; did you mean "[\w ]+"\?)?\n {2}→ see .*: holdfast (archives )?--help\n$/,
		);
		return /did you mean "(.*)"/.exec(stderr)?.[1];
	};
	for (const far of ["foo", "redo", "rest", "unddeplyo", "purge", "go"])
		assert.equal(await proposed(far), undefined, far);
	for (const [typed, meant] of [
		["lsit", "list"],
		["staus", "status"],
		["resotre", "restore"],
		["und", "undo"],
		["craete", "create"],
	] as const)
		assert.equal(await proposed(typed), meant);
	assert.equal(await proposed("archives", "brwose"), "archives browse");
});

test("who still has files open that a restore replaces: as whom it runs, how to end it, and what becomes of what it writes", async () => {
	const place = placeWithData();
	assert.equal((await place.holdfast("create")).code, 0);
	const holder = spawn("sleep", ["60"], { cwd: place.path("data"), stdio: "ignore" });
	try {
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 0, stderr);
		const user = `\\w+ \\(user ${process.geteuid?.()}\\)`;
		assert.match(
			stderr,
			new RegExp(
				`process ${holder.pid} \\(sleep.*, ${user}\\) has .*/data open, .*end it with: kill ${holder.pid}\\n`,
			),
		);
		assert.match(
			stderr,
			/what they write to a file that they have open is lost .*by its path .*the restored file/,
		);
	} finally {
		holder.kill("SIGKILL");
	}
});

test("with --json nothing but JSON reaches standard output, also where a question cannot be asked", async () => {
	const place = placeWithData();
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: {
			tar: { retention: { keepLast: 1 }, destinations: { disk: { path: place.path("archives") } } },
		},
	});
	for (let made = 0; made < 2; made++) assert.equal((await place.holdfast("create")).code, 0);
	const restored = await place.holdfast("restore", "--json", "--yes", "--keep-old", "1d", "tar", "latest");
	const run = JSON.parse(restored.stdout.split("\n")[0] ?? "").run as string;
	for (const args of [["restore", "tar", "latest"], ["undo", run], ["prune"]]) {
		const { code, stdout, stderr } = await place.holdfast(...args, "--json");
		assert.equal(code, 2, stderr);
		const { error } = JSON.parse(stdout);
		assert.equal(error.code, "confirmation-needed", "one document, which tells the error");
		assert.match(
			stderr,
			/\n.*there is no terminal to ask for confirmation/,
			"what would be done is told beside it",
		);
	}
	assert.deepEqual(JSON.parse((await place.holdfast("validate", "--json")).stdout).machines, ["web01"]);
	const proposed = JSON.parse((await place.holdfast("init", "--dry-run", "--json")).stdout);
	assert.match(proposed.config, /^machines:/m);
	const unknown = await place.holdfast("undo", "nope");
	assert.match(
		unknown.stderr,
		/there is no run nope\n.*: data, until .*\n {2}→ old copies are kept of the runs above/,
	);
});

test("a destination that a run of this machine writes to: that is said in place of the engine's words", async () => {
	const place = placeWithData();
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: { borgbackup: { destinations: { disk: { repo: place.path("repo"), encryption: "none" } } } },
	});
	assert.equal((await place.holdfast("create")).code, 0);
	// Otherwise borg would wait for half a minute first.
	const said = {
		type: "log_message",
		levelname: "ERROR",
		name: "borg",
		msgid: "LockTimeout",
		message: "locked",
	};
	chmodSync(place.write("bin/borg", `#!/bin/sh\necho '${JSON.stringify(said)}' >&2\nexit 2\n`), 0o755);
	const list = () => place.start(["list"], ["env", `PATH=${place.path("bin")}:${process.env.PATH}`]).ended;
	assert.match((await list()).stderr, /is locked by another borg/);
	const lock = takeLock(place.path("run"), "holdfast create web01", "2026-11-24T010000Z-k3x9");
	try {
		const { code, stderr } = await list();
		assert.equal(code, 3);
		assert.match(
			stderr,
			/could not be listed: it is in use: holdfast create web01 is running on this machine \(run 2026-11-24T010000Z-k3x9\)\n +→ try again/,
		);
		assert.doesNotMatch(stderr, /break-lock/);
	} finally {
		lock.release();
	}
});

test("what restic says of a file it could not read is told in words, whatever there is of them", () => {
	const reasonOf = (error: unknown) => unreadableOf({ item: "/srv/x", error }).reason;
	assert.equal(reasonOf({ message: "lstat /srv/x: permission denied" }), "lstat /srv/x: permission denied");
	assert.match(reasonOf({ Op: "lstat", Path: "/srv/x", Err: 36 }), /^lstat: .*name too long/);
	assert.equal(unreadableOf({ item: "/srv/x", error: { Op: "open", Err: 2 } }).isAbsent, true);
	for (const wordless of [
		{},
		null,
		undefined,
		"",
		{ message: "" },
		{ Op: "open", Path: "/srv/x", Err: {} },
		[],
	])
		assert.match(reasonOf(wordless), /^(open: )?restic does not say why; /, JSON.stringify(wordless));
});

test("a path that a service has made too long to be read is clipped in messages, whoever quotes it", async () => {
	const place = placeWithData();
	place.declare({
		state: {
			data: { folders: [place.path("data")] },
			notes: {
				folders: [place.path("notes")],
				hooks: { preBackup: `echo "quotes '/srv/${"x/".repeat(9_000)}end'" >&2; exit 1` },
			},
		},
	});
	mkdirSync(place.path("notes"));
	const created = await place.holdfast("create");
	assert.equal(created.code, 3, created.stderr);
	const run = /run (\S+) in/.exec(created.stderr)?.[1] ?? "";
	const shown = await place.holdfast("runs", "show", run);
	assert.match(created.stderr, /quotes '\/srv\/x\/.*….*x\/end'/);
	assert.match(shown.stdout, /quotes '\/srv\/x\/.*…/);
	for (const text of [created.stderr, shown.stdout])
		assert.ok(Math.max(...text.split("\n").map((line) => line.length)) < 5_000, "a line nobody can read");
});
