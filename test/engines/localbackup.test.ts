// localbackup on real rsnapshot against the contract, and its own features: what is stored once, how many snapshots are kept, what a
// create that died leaves. Its checks and disks have files of their own.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";
import { fulfilsContract } from "./contract.ts";
import { localbackup, openLocalbackup, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";
import { make } from "./snapshots.ts";

const folder = scratch("localbackup");
setUpEngines(folder);
fulfilsContract(localbackup, folder);

test("an unchanged file is stored once; one whose mode alone changed is not changed in older snapshots", async () => {
	const below = join(folder, "links");
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	execFileSync("chmod", ["640", join(below, "source/file")]);
	await make(destination, below, "b");
	await make(destination, below, "c");
	const stat = (number: number) =>
		execFileSync(
			"stat",
			["-c", "%a %i", join(below, `on the disk/snapshot.${number}/web01`, below, "source/file")],
			{
				encoding: "utf8",
			},
		).trim();
	assert.match(stat(2), /^644 /);
	assert.match(stat(1), /^640 /);
	assert.equal(stat(0), stat(1));
});

test("as many snapshots as are wanted stay; one with a hold and the newest good ones stay beyond", async () => {
	const below = join(folder, "number");
	const destination = openLocalbackup(below, {}, { snapshots: 2 });
	await make(destination, below, "a", "b");
	const { metadata } = (await destination.list(quiet))[0] ?? {};
	assert.ok(metadata);
	await destination.writeMetadata(
		"a",
		{ ...metadata, hold: { reason: "the audit", since: metadata.created } },
		quiet,
	);
	await make(destination, below, "c", "d");
	const roots = [{ path: join(below, "source"), exclude: [] }];
	const { removed } = await destination.create({ name: "e", roots, metadata: metadataOf("e") }, false, quiet);
	assert.deepEqual(removed, ["c"]);
	assert.deepEqual(
		(await destination.list(quiet)).map(({ name }) => name),
		["a", "d", "e"],
	);
	mkdirSync(join(below, "into"));
	await destination.restore("a", [join(below, "source")], intoFolder(join(below, "into")), quiet);
	assert.equal(readFileSync(join(below, "into", below, "source/file"), "utf8"), "x");
});

test("with a retention, a create deletes nothing: neither beyond the usual number nor beyond one of an older manifest", async () => {
	for (const snapshots of [undefined, 1]) {
		const below = join(folder, `retention-${snapshots}`);
		const limits = { retention: { keepWithin: "90d" }, ...(snapshots === undefined ? {} : { snapshots }) };
		const destination = openLocalbackup(below, {}, limits);
		await make(destination, below, "a");
		const disk = join(below, "on the disk");
		for (let number = 1; number <= 20; number++) {
			cpSync(join(disk, "snapshot.0"), join(disk, `snapshot.${number}`), { recursive: true });
			const about = join(disk, `snapshot.${number}/holdfast.json`);
			writeFileSync(about, readFileSync(about, "utf8").replace('"name":"a"', `"name":"old-${number}"`));
		}
		await make(destination, below, "b");
		assert.equal((await destination.list(quiet)).length, 22);
	}
});

test("what a create that died left is not mixed into the next one, nor listed", async () => {
	const below = join(folder, "left");
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	mkdirSync(join(below, "on the disk/.sync/web01", below, "source"), { recursive: true });
	writeFileSync(join(below, "on the disk/.sync/web01", below, "source/stray"), "");
	assert.equal((await destination.list(quiet)).length, 1);
	await make(destination, below, "b");
	assert.ok(!existsSync(join(below, "on the disk/snapshot.0/web01", below, "source/stray")));
});

test("the rsync of a create that is killed ends with it", async () => {
	const below = join(folder, "killed");
	mkdirSync(join(below, "source"), { recursive: true });
	// Takes long to read, and uses no disk space.
	execFileSync("truncate", ["-s", "200G", join(below, "source/file")]);
	const script = `
		import { openLocalbackup, setUpEngines } from ${JSON.stringify(join(import.meta.dirname, "engines.ts"))};
		import { metadataOf, quiet } from ${JSON.stringify(join(import.meta.dirname, "fixtures.ts"))};
		const below = ${JSON.stringify(below)};
		setUpEngines(below);
		const roots = [{ path: below + "/source", exclude: [] }];
		await openLocalbackup(below).create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	`;
	const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
	const isWriting = () => commands().some((words) => /^rsync\b/.test(words) && words.includes(below));
	await until(isWriting);
	child.kill("SIGKILL");
	await until(() => !isWriting());
});

/** The command lines of all processes. */
function commands(): string[] {
	return readdirSync("/proc").flatMap((pid) => {
		try {
			return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
		} catch {
			return [];
		}
	});
}

async function until(is: () => boolean): Promise<void> {
	const end = Date.now() + 20_000;
	while (!is()) {
		assert.ok(Date.now() < end, "it did not come to that within twenty seconds");
		await pause(50);
	}
}

test("snapshots that rsnapshot alone made are listed and restored", async () => {
	const below = join(folder, "foreign");
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	execFileSync("cp", ["-a", join(below, "on the disk/snapshot.0"), join(below, "on the disk/snapshot.5")]);
	execFileSync("rm", [join(below, "on the disk/snapshot.5/holdfast.json")]);
	const [foreign] = await destination.list(quiet);
	assert.equal(foreign?.name, "snapshot.5");
	mkdirSync(join(below, "into"));
	await destination.restore("snapshot.5", [join(below, "source")], intoFolder(join(below, "into")), quiet);
	assert.deepEqual(factsOf(join(below, "into", below, "source")), factsOf(join(below, "source")));
});
