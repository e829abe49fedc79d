// Files that Holdfast wrote, by another version or on a disk that has failed since: the lock file, a deploy's record
// and what it sent, the events of a run. Each is reported or ignored; none is used without validation.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PROTOCOL } from "../../src/fleet/protocol.ts";
import { lockHolder, takeLock } from "../../src/run/lock.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("stored");

const STRANGE: readonly string[] = [
	"",
	"{",
	"null",
	"[]",
	"7",
	'"text"',
	"{}",
	'{"pid":"1","since":"x","doing":{}}',
	'{"pid":0,"since":"2026-01-01T00:00:00.000Z","doing":"x"}',
	'{"pid":-1,"since":"2026-01-01T00:00:00.000Z","doing":"x"}',
	'{"pid":1,"since":"not a time","doing":"x"}',
	'{"pid":1,"since":"2026-01-01T00:00:00.000Z"}',
	`{"pid":1,"since":"2026-01-01T00:00:00.000Z","doing":"${"x".repeat(2_000_000)}"}`,
	"[".repeat(100_000),
];

test("whoever holds the lock, what is written of them is a schema's or nothing", () => {
	const runtime = join(folder, "run");
	const lock = takeLock(runtime, "holdfast create web01");
	assert.equal(lockHolder(runtime)?.doing, "holdfast create web01");
	assert.throws(() => takeLock(runtime, "x"), /: holdfast create web01 \(process \d+\), since .*, just now$/);
	for (const text of STRANGE) {
		writeFileSync(join(runtime, "lock.json"), text);
		assert.equal(lockHolder(runtime)?.doing, "another run", text.slice(0, 80));
		assert.throws(
			() => takeLock(runtime, "x"),
			(error: HoldfastError) =>
				error.code === "locked" && error.message === "another run is active on this machine" && !!error.hint,
			text.slice(0, 80),
		);
	}
	rmSync(join(runtime, "lock.json"));
	mkdirSync(join(runtime, "lock.json"));
	assert.equal(lockHolder(runtime)?.doing, "another run");
	rmSync(join(runtime, "lock.json"), { recursive: true });
	assert.equal(spawnSync("mkfifo", [join(runtime, "lock.json")]).status, 0);
	assert.equal(lockHolder(runtime)?.doing, "another run", "a named pipe must not be waited for");
	lock.release();
	assert.equal(lockHolder(runtime), undefined);
});

test("what a deploy sent, and the record of the one before, are measured; a damaged record stops no new deploy", async () => {
	const place = new Place(folder);
	place.declare({ state: {} });
	const path = place.path("installed.json");
	const whole = {
		version: "0.1.0",
		files: [],
		timers: [],
		atBoot: [],
		installed: path,
		program: place.path("bin"),
		manifest: place.path("holdfast.json"),
	};
	const fault = { path: "x", mode: "0644", folderMode: "0755", sha256: "0".repeat(64) };
	for (const text of [
		...STRANGE.slice(0, 7),
		JSON.stringify({ ...whole, files: [{ ...fault, path: "relative" }] }),
		JSON.stringify({ ...whole, files: [{ ...fault, path: "/x", from: "../../etc/shadow" }] }),
		JSON.stringify({ ...whole, files: [{ ...fault, path: "/x", mode: "u+s" }] }),
		JSON.stringify({ ...whole, timers: ["--now"] }).replace("--now", "a b.timer"),
	]) {
		place.write("arrived/deployment.json", text);
		const { code, stderr } = await place.holdfast("__install", place.path("arrived"));
		assert.equal(code, 1, `${text.slice(0, 80)}: ${stderr}`);
		assert.match(
			stderr,
			/deployment\.json (is damaged or was written by another version|cannot be read): /,
			text.slice(0, 80),
		);
		assert.match(stderr, /→ deploy again/);
	}
	place.write("arrived/deployment.json", JSON.stringify(whole));
	place.write("arrived/installed.json", JSON.stringify(whole));
	place.write("installed.json", '{"files": 7}');
	const { stderr } = await place.holdfast("__install", place.path("arrived"));
	assert.match(stderr, /! .*installed\.json is damaged or was written by another version/);
	assert.match(stderr, /✔ record the installed files/);
	place.write("installed.json", '{"files": 7}');
	const gone = await place.holdfast("__uninstall", path);
	assert.equal(gone.code, 1);
	assert.match(gone.stderr, /installed\.json is damaged/);
});

test("an events' file that another version, or half a write, has left: what is no event is passed over", async () => {
	const place = new Place(folder);
	place.declare({ state: { notes: { folders: [place.path("notes")] } } });
	const run = "2026-01-01T000000Z-aaaa";
	const event = (more: object) => JSON.stringify({ v: 1, time: "2026-01-01T00:00:00Z", run, ...more });
	const lines = [
		"null",
		'{"type":"run-ended"',
		'{"type":"run-ended","run":"2026-01-01T000000Z-aaaa","outcome":"constructor"}',
		'{"error":7}',
		'{"error":{"code":"constructor"}}',
		event({ type: "levitated", step: "x" }),
		event({ type: "step-started", step: "one", title: "do one thing" }),
		event({ type: "run-ended", outcome: "partial", seconds: 1, failures: [], results: {} }),
		event({ type: "step-st" }).slice(0, -8),
	];
	place.write(`run/events/${run}.ndjson`, lines.join("\n"));
	const asked = { protocol: PROTOCOL, version: "0.1.0", do: "attach", run };
	const answer = await served(place, `${JSON.stringify(asked)}\n`);
	const types = answer
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line).type);
	assert.deepEqual(types, ["greeting", "step-started", "run-ended", "ended"]);
	assert.match(answer, /"type":"ended","code":3/);
	for (const strange of [
		...STRANGE.slice(0, 7),
		JSON.stringify({ ...asked, do: "levitate" }),
		JSON.stringify({ ...asked, do: "ask", argv: [7] }),
	])
		assert.deepEqual(
			(await served(place, `${strange}\n`))
				.split("\n")
				.filter(Boolean)
				.map((line) => JSON.parse(line).type),
			["greeting"],
			strange,
		);
});

function served(place: Place, request: string): Promise<string> {
	const child = spawn(join(import.meta.dirname, "../../bin/holdfast"), ["__serve"], {
		env: place.env,
		cwd: place.folder,
		stdio: ["pipe", "pipe", "inherit"],
	});
	let answer = "";
	child.stdout.setEncoding("utf8").on("data", (chunk) => {
		answer += chunk;
	});
	child.stdin.end(request);
	return new Promise((resolve) => child.on("close", () => resolve(answer)));
}
