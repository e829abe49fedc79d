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

	test("an odd name in the folder itself is found", async () => {
		const names = [
			"plain",
			`plain${entry("y")}`,
			`alone${entry("own/plain")}${entry("own/y")}`,
			"two\nlines",
		];
		mkdirSync(join(disk, `own/alone${entry("own")}`));
		mkdirSync(join(disk, `own/alone${entry("own")}/plain${entry("own")}`));
		for (const name of names) create(`own/${name}`);
		assert.deepEqual((await within("own")).sort(), names.map((name) => join(disk, "own", name)).sort());
	});

	test("nor are many of them, nor long ones", async () => {
		let id = 1000;
		const many = (count: number, name: string) =>
			Array.from({ length: count }, () => `\nID ${id++} gen 1 top level 5 path ${name}`).join("");
		for (let count = 0; count < 40; count++) create(`home/${count}${many(7, "good")}`);
		// With slashes: in folders, of which each begins with the name of what is not in ours.
		for (const chain of ["one", "two", "three"]) {
			const at = `home/${chain}${Array.from({ length: 95 }, () => `${many(1, "good")}/x`).join("")}`;
			mkdirSync(join(disk, at), { recursive: true });
			create(`${at}/last`);
		}
		assert.deepEqual(await within("good"), [join(disk, "good/data")]);
	});

	test("out of sight below a mount point is not in the way", async () => {
		mkdirSync(join(disk, "hidden"));
		create("hidden/cache");
		execFileSync("mount", ["-t", "tmpfs", "none", join(disk, "hidden/cache")]);
		try {
			assert.deepEqual(await within("hidden"), []);
		} finally {
			execFileSync("umount", [join(disk, "hidden/cache")]);
		}
	});

	/** In the place of `btrfs`, whose arguments are `$@`. */
	const withScript = async (script: string, then: () => Promise<void>) => {
		const bin = join(folder, "bin");
		mkdirSync(bin, { recursive: true });
		writeFileSync(join(bin, "btrfs"), `#!/bin/sh\nPATH=\${PATH#*:}\n${script}\n`, { mode: 0o755 });
		const { PATH = "" } = process.env;
		process.env.PATH = `${bin}:${PATH}`;
		await then().finally(() => {
			process.env.PATH = PATH;
		});
	};

	test("a list of any length is read, and one that never says the same twice is doubted", async () => {
		const long =
			"seq 300000 | sed 's|.*|ID & gen 1 top level 5 path home/a name of a hundred bytes or so, of which there are many: xxxxxxxxxxxxxxxx &|'";
		await withScript(`btrfs "$@"; ${long}`, async () =>
			assert.deepEqual(await within("good"), [join(disk, "good/data")]),
		);
		await withScript('btrfs "$@"; echo "ID 9 gen 1 top level 5 path good/$$"', async () =>
			assert.deepEqual(await within("good"), [join(disk, "good/data")]),
		);
		await withScript("exit 1", async () => assert.deepEqual(await within("good"), [join(disk, "good/data")]));
	});

	test("one that is deleted between the list and the look is gone", async () => {
		create("good/brief");
		await withScript(
			`btrfs "$@"; end=$?\ncase "$*" in *list*) rmdir ${disk}/good/brief; esac 2>/dev/null\nexit $end`,
			async () => assert.deepEqual(await within("good"), [join(disk, "good/data")]),
		);
	});
});
