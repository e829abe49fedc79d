// What is under way, on terminals of several widths: nothing is cut, and what matters most is there.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import { follower } from "../../src/report/text/live.ts";
import { progressLine, type StepInProgress } from "../../src/report/text/progress-line.ts";
import { clipped, widthOf } from "../../src/report/text/wrap.ts";
import type { RunEvent } from "../../src/run/event.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const MIB = 1024 ** 2;

describe("a row", () => {
	const step: StepInProgress = {
		title: "write to storagebox (borg)",
		seconds: 12,
		flowing: 10,
		bytes: 1240 * MIB,
		expectedBytes: 2000 * MIB,
		files: 3210,
		path: "/srv/notes/2024/a-letter.txt",
	};
	for (const [width, one, expected] of [
		[57, step, "write to storagebox (borg) ██████░░░░ 62 % · 7 s left"],
		[77, step, "write to storagebox (borg) ██████░░░░ 62 % · 7 s left · 124 MiB/s · 1.2 GiB"],
		[
			197,
			step,
			"write to storagebox (borg) ██████░░░░ 62 % · 7 s left · 124 MiB/s · 1.2 GiB of 2.0 GiB · 3210 files · /srv/notes/2024/a-letter.txt",
		],
		[
			77,
			{ ...step, title: "write to offsite-storagebox (tar)" },
			"write to offsite-storagebox (tar) ██████░░░░ 62 % · 7 s left · 124 MiB/s",
		],
		// The engine knows better than the last archive.
		[
			77,
			{ ...step, totalBytes: 4960 * MIB },
			"write to storagebox (borg) ██░░░░░░░░ 25 % · 30 s left · 124 MiB/s · 1.2 GiB",
		],
		// A little more than last time: it is not over yet.
		[57, { ...step, bytes: 2010 * MIB }, "write to storagebox (borg) █████████░ 99 % · 1 s left"],
		// There is much more than last time, or no last time.
		[77, { ...step, expectedBytes: 5 }, "write to storagebox (borg) · 124 MiB/s · 1.2 GiB · 3210 files"],
		[77, { title: "run preBackup of data", seconds: 1 }, "run preBackup of data"],
		[77, { title: "run preBackup of data", seconds: 12 }, "run preBackup of data · 12.0 s"],
		[77, { title: "write to x (borg)", seconds: 3, bytes: 0, files: 0 }, "write to x (borg) · 3.0 s"],
	] as const)
		test(`of ${width} for ${one.title}${"totalBytes" in one ? " with a total" : ""}`, () => {
			if (expected !== undefined) assert.equal(progressLine(one, width), expected);
		});

	test("is never wider than it may be, and keeps share and time left while there is room for a title", () => {
		const days = { ...step, totalBytes: 100_000_000 * MIB };
		assert.match(progressLine(days, 77), / 0 % · 10 days left/);
		for (let width = 1; width <= 250; width++)
			for (const title of [step.title, "x".repeat(300)]) {
				const row = progressLine({ ...step, title }, width);
				assert.ok(row.length <= width, `${width}: ${row}`);
				if (width >= 40) assert.match(row, / 62 % · 7 s left/);
				assert.ok(progressLine({ ...days, title }, width).length <= width);
			}
	});

	test("counts the columns of wide characters", () => {
		for (let width = 40; width <= 120; width++) {
			const row = progressLine({ ...step, path: "/srv/写真/夏/海.jpg" }, width);
			assert.ok(widthOf(row) <= width, `${width}: ${row}`);
		}
		assert.match(progressLine({ ...step, path: "/srv/写真/夏/海.jpg" }, 140), /海\.jpg$/);
	});

	test("cuts titles by columns too, and no letter in two", () => {
		const family = "👨‍👩‍👧‍👦";
		for (const title of [
			"バックアップを書き込む".repeat(12),
			`write to ${family.repeat(40)} (borg)`,
			"e\u0301".repeat(200),
		])
			for (let width = 1; width <= 130; width++) {
				const row = progressLine({ ...step, title }, width);
				assert.ok(widthOf(row) <= width, `${width}: ${row}`);
				if (width >= 40) assert.match(row, / 62 % · 7 s left/);
				assert.doesNotMatch(row.replaceAll(family, ""), /\p{Emoji_Presentation}|\u200d/u, row);
				assert.doesNotMatch(row, /^\u0301|…\u0301|e(?!\u0301)…/);
			}
		assert.equal(clipped("日本語のタイトル", 10), "日本語の…");
		assert.equal(clipped("日本語", 7), "日本語");
		assert.equal(clipped("plain text", 6), "plai…");
	});

	test("never tells more than 100 %, nor 100 % of an estimate; with more to do than was said, it tells no share", () => {
		const { expectedBytes: _, ...bare } = step;
		for (let done = 1; done <= 300; done++) {
			const share = (of: object) =>
				Number(/ (\d+) %/.exec(progressLine({ ...bare, bytes: done * MIB, ...of }, 80))?.[1] ?? Number.NaN);
			const known = share({ totalBytes: 100 * MIB });
			assert.ok(done > 100 ? Number.isNaN(known) : known <= 100, `${done}: ${known} %`);
			const estimated = share({ expectedBytes: 100 * MIB });
			assert.ok(done > 110 ? Number.isNaN(estimated) : estimated <= 99, `${done}: ${estimated} %`);
		}
	});
});

test("a step is shown by its label, and short ones get no line of their own", () => {
	const run = follower();
	const tell = (event: object) => ({ v: 1, time: "", run: "r", ...event }) as RunEvent;
	const steps = [
		{ id: "a", kind: "k", scope: "s", title: "write web01-2026 to nas (borg)", label: "write to nas (borg)" },
		{ id: "b", kind: "k", scope: "s", title: "check the folders of data" },
	];
	run.follow(tell({ type: "run-started", operation: "create", machine: "web01", steps }));
	for (const { id, title } of steps) run.follow(tell({ type: "step-started", step: id, title }));
	assert.deepEqual(run.steps(80), ["write to nas (borg)", "check the folders of data"]);
	const done = (step: string, seconds: number, result?: object) =>
		run.isShort(tell({ type: "step-done", step, title: "", seconds, result }));
	assert.equal(done("b", 0.003), true);
	assert.equal(done("b", 0.06), false);
	assert.equal(done("a", 0.003), false, "an archive was written");
	assert.equal(done("b", 0.003, { removed: ["web01-x"] }), false);
});

test("on terminals of 60, 80 and 200 columns", async () => {
	const place = new Place(scratch("progress"));
	for (let file = 0; file < 3; file++) place.write(`data/${file}`, randomBytes(32 * MIB));
	const destinations = { "offsite-storage": { path: place.path("archives") } };
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: { tar: { level: 12, destinations } },
	});
	const archives = new Set<string>();
	for (const columns of [60, 80, 200]) {
		const { code, text } = await onTerminal([HOLDFAST, "create"], {
			cwd: place.folder,
			env: place.env,
			columns,
		});
		assert.equal(code, 0, text);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's are what is looked at
		const rows = text.split(/[\r\n]+|\x1b\[[0-9;?]*[A-Za-z]/).filter((row) => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /.test(row));
		const writing = rows.filter((row) => row.includes("write to offsite-storage (tar)"));
		assert.ok(writing.length > 2, text);
		for (const row of rows) {
			assert.ok(row.length < columns, row);
			assert.doesNotMatch(row, /…|web01-/, row);
		}
		const last = writing.at(-1) ?? "";
		assert.match(last, / [█░]{10} \d+ %( · \d+ s left)?/);
		if (columns > 60) assert.match(last, /iB/);
		const [, name = ""] = /✔ write (web01-\S+) to offsite-storage \(tar\) \(/.exec(text) ?? [];
		archives.add(name);
		// On a busy machine, they take longer, and have lines of their own.
		assert.match(text, /✔ (\d steps? under 50 ms|check the folders of data \()/);
	}
	assert.equal(archives.size, 3);
});
