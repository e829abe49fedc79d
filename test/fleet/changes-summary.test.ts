// The changes of a deploy that a person is asked about fit on a screen.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { changesOf } from "../../src/fleet/changes.ts";
import { summaryOf } from "../../src/fleet/changes-summary.ts";
import { desiredFor } from "../../src/fleet/deployment.ts";
import { layoutOf } from "../../src/fleet/layout.ts";
import { hashesOf, targetHere } from "../../src/fleet/target.ts";
import { scratch } from "../support/scratch.ts";

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

test("what Holdfast wrote for itself is one line, and what a person wrote is a difference", async () => {
	const folder = scratch("changes-summary");
	const layout = layoutOf(folder);
	const put = (path: string, text: string) => {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text);
		return path;
	};
	process.env.HOLDFAST_START = put(join(folder, "start.cjs"), "start");
	process.env.HOLDFAST_BUNDLE = put(join(folder, "bundle.cjs"), "bundle");
	put(layout.program, "#!/bin/sh\n# of a checkout\n".repeat(20));
	put(layout.manifest, "{}\n");
	const manifest = { version: 1, machine: "web01", state: {}, providers: {} } as const;
	const desired = await desiredFor(manifest, layout, true, []);
	const target = targetHere("web01");
	const paths = desired.files.map(({ path }) => path);
	const lines = summaryOf(await changesOf(target, desired, await hashesOf(target, paths), undefined));
	const after = (path: string) => lines[lines.indexOf(`~ ${path}`) + 1];
	assert.match(after(layout.manifest) ?? "", /^ {4}@@/);
	assert.match(after(layout.program) ?? "", /^[-+~] /);
});
