// Which subvolumes are in a folder, whatever other users call theirs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { subvolumesIn } from "../../src/host/btrfs.ts";
import { scratch } from "../support/scratch.ts";

const only = { skip: process.getuid?.() === 0 ? undefined : "file systems need root" };
const entry = (path: string) => `\nID 9 gen 9 top level 5 path ${path}`;

const folder = scratch("btrfs");

describe("the subvolumes in a folder", only, () => {
	const disk = join(folder, "disk");
	const create = (name: string) =>
		execFileSync("btrfs", ["-q", "subvolume", "create", join(disk, name)], { stdio: "ignore" });
	const within = (name: string) =>
		subvolumesIn(disk, AbortSignal.timeout(30_000), { within: join(disk, name), quickly: true });
	before(() => {
		mkdirSync(disk);
		execFileSync("truncate", ["-s", "200M", `${disk}.image`]);
		execFileSync("mkfs.btrfs", ["-q", `${disk}.image`], { stdio: "ignore" });
		execFileSync("mount", ["-o", "loop", `${disk}.image`, disk]);
		for (const name of ["good", "home", "own"]) mkdirSync(join(disk, name));
		create("good/data");
	});
	after(() => execFileSync("umount", ["--lazy", disk]));

	test("names elsewhere that look like several entries are no doubt, nor in the way", async () => {
		create(`home/x${entry("y")}`);
		// Like entries of the folder: one that is not there, one twice, and the folder itself.
		mkdirSync(join(disk, `home/x${entry("good")}`));
		for (const name of ["gone", "data"]) create(`home/x${entry("good")}/${name}`);
		create(`home/x${entry("good")}${entry("own")}`);
		assert.deepEqual(await within("good"), [join(disk, "good/data")]);
	});

	test("a name in the folder itself that cannot be told is said", async () => {
		create("own/plain");
		create(`own/plain${entry("y")}`);
		await assert.rejects(within("own"), /own cannot be told: some have been renamed, or have odd names/);
		assert.equal(
			(await subvolumesIn(disk, AbortSignal.timeout(30_000), { within: join(disk, "own") })).length,
			2,
		);
	});

	test("one that is deleted between the list and the look is gone", async () => {
		const bin = join(folder, "bin");
		mkdirSync(bin);
		create("good/brief");
		const script = `#!/bin/sh\nPATH=\${PATH#*:}\nbtrfs "$@"; end=$?\ncase "$*" in *list*) rmdir ${disk}/good/brief; esac 2>/dev/null\nexit $end\n`;
		writeFileSync(join(bin, "btrfs"), script, { mode: 0o755 });
		const { PATH = "" } = process.env;
		process.env.PATH = `${bin}:${PATH}`;
		try {
			assert.deepEqual(await within("good"), [join(disk, "good/data")]);
		} finally {
			process.env.PATH = PATH;
		}
	});
});
