// How well the parts of a state fit together in an archive, in each place that says it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StateRecord } from "../../src/engines/archive.ts";
import { metricsText } from "../../src/report/metrics.ts";
import { archiveText } from "../../src/report/text/archives.ts";
import { statusText } from "../../src/report/text/status.ts";
import { archiveTable } from "../../src/report/text/tables.ts";
import { consistencyOf } from "../../src/values/consistency.ts";

const dumps = [{ dump: { postgresql: "app" }, stored: "/x", facts: {} }];
const folders = ["/a"];
/** What `list` and `archives show` say of it. */
const RECORDS: Readonly<Record<string, readonly [StateRecord, string, RegExp?]>> = {
	atomic: [
		{ outcome: "good", folders, consistency: "atomic" },
		"app (atomic)",
		/atomic: its folders were read from snapshots of one instant/,
	],
	stopped: [
		{ outcome: "good", folders, consistency: "stopped" },
		"app (stopped)",
		/stopped: its units were down/,
	],
	spread: [
		{ outcome: "good", folders, consistency: "spread" },
		"app (spread)",
		/spread: its folders were read from snapshots of several volumes/,
	],
	dumped: [
		{ outcome: "good", folders: [], dumps, consistency: "dumped" },
		"app (dumped)",
		/dumped: only databases/,
	],
	"dumped, by an earlier version": [
		{ outcome: "good", folders: [], dumps },
		"app (dumped)",
		/dumped: only databases/,
	],
	"live, by an earlier version": [
		{ outcome: "good", folders, dumps },
		"app",
		/live: its folders were read while/,
	],
	"fuzzy though stopped": [
		{ outcome: "good", folders, consistency: "stopped", changed: 3 },
		"app (fuzzy)",
		/fuzzy: 3 files changed/,
	],
	"a word of a later version": [{ outcome: "good", folders, consistency: "frozen" }, "app (frozen)"],
	failed: [{ outcome: "failed", folders, reason: "gone" }, "app (failed)"],
};

for (const [name, [record, list, show]] of Object.entries(RECORDS))
	test(`consistency: ${name}`, () => {
		const archive = {
			...{ id: "tar/d::n", name: "n", machine: "web01", provider: "tar", destination: "d" },
			created: "2026-11-24T01:00:00Z",
			metadata: { states: { app: record } },
		} as never;
		assert.ok([...archiveTable([{ archives: [archive] }])][1]?.includes(`  ${list}  `));
		const shown = archiveText(archive, {}).join("\n");
		if (show) assert.match(shown, show);
		else assert.doesNotMatch(shown, /read|down/);
		const consistency = consistencyOf(record);
		const standing = {
			...{ machine: "web01", time: "2026-11-24T02:00:00Z", runs: [], timers: [], problems: [] },
			archives: [
				{
					...{ state: "app", destination: "tar/d", maxAgeSeconds: 1, isLate: false, consistency },
					...{ created: "2026-11-24T01:00:00Z", ageSeconds: 3_600 },
				},
			],
		} as never;
		assert.match([...statusText([standing])][1] ?? "", new RegExp(` ago +${consistency ?? "-"} `));
		const metric = `holdfast_archive_consistency{machine="web01",state="app",destination="tar/d",consistency="${consistency}"} 1`;
		assert.equal(metricsText(standing).includes(metric), consistency !== undefined);
	});
