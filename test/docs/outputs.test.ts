// Tables that our pages show: what the program prints for such archives and runs, letter by letter.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Standing } from "../../src/report/result.ts";
import { pruneTable } from "../../src/report/text/archives.ts";
import { statusText } from "../../src/report/text/status.ts";
import { archive, decided, HOUR, NOW } from "../upkeep/archives-made.ts";
import { linesOf } from "./page.ts";

const shownBy = (page: string, wanted: string) =>
	linesOf(page).find(({ line }) => line === wanted)?.output ?? "";
const local = (time: string) => new Date(time).toISOString();

test("docs/how-to/timers.md: the status of a machine", () => {
	const web01: Standing = {
		machine: "web01",
		time: local("2026-11-25 09:27:12"),
		archives: [
			{
				...{ state: "notes", destination: "borgbackup/nas", created: local("2026-11-25 01:07:12") },
				...{ ageSeconds: 8 * 3600 + 20 * 60, maxAgeSeconds: 26 * 3600, isLate: false, consistency: "live" },
				...{ bytes: 2.1 * 1024 ** 3, growthBytes: 40.3 * 1024 ** 2 },
			},
		],
		runs: [
			{ operation: "create", run: "a", started: local("2026-11-25 01:07:02"), outcome: "done" },
			{ operation: "prune", run: "b", started: local("2026-11-25 04:09:40"), outcome: "done" },
		],
		problems: [],
		timers: [
			["check", "2026-11-29 05:02:12"],
			["create", "2026-11-26 01:11:31"],
			["prune", "2026-11-26 04:10:02"],
		].map(([name = "", next = ""]) => ({ name, next: local(next), isActive: true, isEnabled: true })),
	};
	const printed = [...statusText([web01])].map((line) => `${line}\n`).join("");
	assert.equal(printed, shownBy("docs/how-to/timers.md", "holdfast status"));
});

test("docs/how-to/upkeep.md: what a prune would remove, with the retention above it", () => {
	const made = (time: string, name: string) =>
		archive(
			(NOW.getTime() - new Date(time).getTime()) / HOUR,
			{ notes: "good", shop: "good" },
			undefined,
			name,
		);
	const archives = [
		made("2026-11-25 01:00:00", "web01-2026-11-25T010000Z-k3x9"),
		made("2026-11-24 01:00:00", "web01-2026-11-24T010000Z-9f2c"),
		made("2026-11-24 00:10:00", "web01-2026-11-24T001000Z-77aa"),
		made("2026-11-23 01:00:00", "web01-2026-11-23T010000Z-c4m1"),
	];
	const decisions = decided(archives, { keepWithin: "1d", daily: 7, weekly: 4, monthly: 6 });
	const printed = pruneTable([{ provider: "borgbackup", destination: "storagebox", decisions }]);
	assert.equal(
		printed.map((line) => `${line}\n`).join(""),
		shownBy("docs/how-to/upkeep.md", "holdfast prune --dry-run"),
	);
});
