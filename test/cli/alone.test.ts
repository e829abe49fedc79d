// `holdfast` without any word: on a terminal the state of things, otherwise the help.
import assert from "node:assert/strict";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { overviewText } from "../../src/report/text/overview.ts";
import { localTime } from "../../src/values/local-time.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const folder = scratch("alone");

test("on a terminal: what is protected, the last good backup, what is wrong, what to type next", async () => {
	const place = new Place(folder);
	place.write("data/file", "precious");
	const state = { data: { folders: [place.path("data")] }, late: { folders: [place.path("late")] } };
	place.declare({ state });
	const look = async (columns: number) => {
		const { code, text } = await onTerminal([HOLDFAST], { cwd: place.folder, env: place.env, columns });
		assert.equal(code, 0, text);
		const lines = text.trimEnd().split("\r\n");
		assert.ok(lines.length <= 10, text);
		for (const line of lines) assert.ok(line.length < columns, line);
		return lines.join("\n");
	};
	const before = await look(80);
	assert.match(before, /^web01, by /);
	assert.match(before, /^✘ +data +no good backup$/m);
	assert.match(before, /^Type: holdfast create /m);
	assert.equal((await place.holdfast("create")).code, 3);
	const after = await look(80);
	assert.match(after, /^✘ +late +no good backup\n✔ +data +last good backup .* ago +in tar\/disk$/m);
	assert.match(after, /^! late has no good archive/m);
	assert.match(after, /^Next backup: /m);
	assert.match(after, /^Type: .*restore/m);
	await look(60);
});

test("in a pipe it is the help; without a config, on a terminal, what to type first", async () => {
	const place = new Place(folder);
	place.declare({ state: { data: { folders: [place.path("data")] } } });
	assert.match((await place.holdfast()).stdout, /^USAGE\n/);
	rmSync(place.path("holdfast.json"));
	const look = async () => {
		const env = { ...place.env, HOME: place.folder };
		const { code, text } = await onTerminal([HOLDFAST], { cwd: place.folder, env, columns: 80 });
		assert.equal(code, 0, text);
		const lines = text.trimEnd().split("\r\n");
		assert.ok(lines.length <= 10 && lines.every((line) => line.length < 80), text);
		return lines.join("\n");
	};
	const none = await look();
	assert.match(none, /^There is no config yet\. Type:\n {2}holdfast init --dry-run /m);
	assert.match(none, /holdfast deploy [\s\S]*holdfast adopt --help[\s\S]*holdfast --help$/);
	chmodSync(place.write("holdfast.json", "{}"), 0o666);
	assert.match(await look(), /^! \S+holdfast\.json was ignored: /m);
});

test("a fault of the config is told instead", async () => {
	const place = new Place(folder);
	place.write("holdfast.json", JSON.stringify({ machines: { web01: { stat: {} } } }));
	const { code, text } = await onTerminal([HOLDFAST], { cwd: place.folder, env: place.env });
	assert.equal(code, 2);
	assert.match(text, /unknown key "stat"/);
});

test("many states and problems are ten lines too, and the worst come first", () => {
	const archives = Array.from({ length: 30 }, (_, at) => ({
		...{ state: `s${at}`, destination: "tar/usb", maxAgeSeconds: 1, isLate: at === 17 },
		...{ created: "2026-11-24T01:00:00Z", ageSeconds: 60 * at },
	}));
	const problems = Array.from({ length: 9 }, (_, at) => `problem ${at}`);
	const here = { machine: "web01", time: "", archives, runs: [], problems, timers: [] };
	const lines = overviewText({ file: "holdfast.yaml", here, backups: [], others: 3 });
	assert.equal(lines.length, 10);
	assert.match(lines[0] ?? "", /; 3 other machines: holdfast status --all$/);
	assert.match(lines[1] ?? "", /^✘ +s17 /);
	assert.match(lines.join("\n"), /and 27 more: holdfast status[\s\S]*and 7 more problems/);
});

test("the next backup is that of a timer that backs up, not of one that prunes or checks", () => {
	const timer = (name: string, next: string) => ({ name, isActive: true, isEnabled: true, next });
	const timers = [
		timer("check", "2026-11-24T01:00:00Z"),
		timer("create", "2026-11-26T01:00:00Z"),
		timer("create-usb", "2026-11-25T01:00:00Z"),
	];
	const here = { machine: "web01", time: "", archives: [], runs: [], problems: [] };
	const next = (known: typeof timers) =>
		overviewText({
			...{ file: "holdfast.yaml", here: { ...here, timers: known }, others: 0 },
			backups: ["create", "create-usb"],
		}).find((line) => line.startsWith("Next backup"));
	assert.equal(next(timers), `Next backup: ${localTime("2026-11-25T01:00:00Z")}`);
	assert.match(next(timers.slice(0, 1)) ?? "", /no timer is active/);
});
