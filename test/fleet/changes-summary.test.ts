// The changes of a deploy that a person is asked about fit on a screen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { summaryOf } from "../../src/fleet/changes-summary.ts";

const files = (sign: string, folder: string, count: number) =>
	Array.from({ length: count }, (_, at) => `${sign} ${folder}/file-${at}`);

test("a first deploy is counted by folder", () => {
	assert.deepEqual(
		summaryOf([
			...files("+", "/usr/local/lib/holdfast/dist", 20),
			...files("+", "/usr/local/lib/holdfast/bin", 3),
			"+ /etc/holdfast/manifest.json",
			...files("+", "/etc/systemd/system", 12),
			"! /usr/local/bin/holdfast is your own: it is replaced",
		]),
		[
			"+ /usr/local/lib/holdfast: 23 files",
			"+ /etc/holdfast/manifest.json",
			"+ /etc/systemd/system: 12 files",
			"! /usr/local/bin/holdfast is your own: it is replaced",
			"  each file is named with --dry-run or --verbose",
		],
	);
});

test("differences that a person reads stay whole, and a few files are named", () => {
	const lines = [
		"~ /etc/holdfast/manifest.json",
		"    @@ -1 +1 @@",
		"    -old",
		"    +new",
		"+ /etc/systemd/system/holdfast-check.timer",
		"- /etc/systemd/system/holdfast-prune.timer",
	];
	assert.deepEqual(summaryOf(lines), lines);
	assert.deepEqual(summaryOf([]), []);
});
