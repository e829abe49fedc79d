// localbackup on disks: mounted for the work alone, taken away, full, and shown at another place.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { DestinationAbsent, requireAble } from "../../src/engines/destination.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";
import { openLocalbackup, setUpEngines } from "./engines.ts";
import { metadataOf, quiet } from "./fixtures.ts";
import { make, noDisks, source } from "./snapshots.ts";

const folder = scratch("localbackup-disks");
setUpEngines(folder);

test("a state folder that no program can be started from is no hindrance", { skip: noDisks }, async () => {
	const below = join(folder, "noexec");
	const state = join(below, "state");
	mkdirSync(state, { recursive: true });
	const before = process.env.HOLDFAST_STATE_DIR;
	execFileSync("mount", ["-t", "tmpfs", "-o", "noexec", "tmpfs", state]);
	process.env.HOLDFAST_STATE_DIR = state;
	try {
		await make(openLocalbackup(below), below, "a");
		assert.equal((await openLocalbackup(below).list(quiet)).length, 1);
	} finally {
		process.env.HOLDFAST_STATE_DIR = before;
		execFileSync("umount", [state]);
	}
});

/** A disk in a file, named in /etc/fstab as a person would. */
function disk(name: string) {
	const image = join(folder, `${name}.img`);
	execFileSync("truncate", ["-s", "64M", image]);
	execFileSync("mkfs.ext4", ["-q", image]);
	const mountpoint = join(folder, "mnt", name);
	const line = `${image} ${mountpoint} ext4 loop,noauto 0 0\n`;
	const fstab = readFileSync("/etc/fstab", "utf8");
	writeFileSync("/etc/fstab", fstab + line);
	after(() => {
		writeFileSync("/etc/fstab", readFileSync("/etc/fstab", "utf8").replace(line, ""));
		if (isMounted(mountpoint)) execFileSync("umount", [mountpoint]);
	});
	return { image, mountpoint };
}
const isMounted = (at: string) => readFileSync("/proc/mounts", "utf8").includes(` ${at} `);

test("the disk is mounted for the work alone, with the hooks in Clan's order around it", {
	skip: noDisks,
}, async () => {
	const { mountpoint } = disk("usb");
	const below = join(folder, "hooks");
	mkdirSync(below);
	const say = (word: string) => `echo ${word} $(mountpoint -q ${mountpoint} && echo mounted) >>${below}/said`;
	const hooks = {
		preMountHook: say("preMount"),
		postMountHook: say("postMount"),
		preBackupHook: say("preBackup"),
		postBackupHook: say("postBackup"),
		preUnmountHook: say("preUnmount"),
		postUnmountHook: say("postUnmount"),
	};
	const onIt = { directory: join(mountpoint, "backups"), mountpoint };
	await make(openLocalbackup(below, { ...onIt, ...hooks }), below, "a");
	assert.deepEqual(readFileSync(join(below, "said"), "utf8").trim().split("\n"), [
		"preMount",
		"postMount mounted",
		"preBackup mounted",
		"postBackup mounted",
		"preUnmount mounted",
		"postUnmount",
	]);
	assert.ok(!isMounted(mountpoint));
	assert.equal((await openLocalbackup(below, onIt).list(quiet)).length, 1);
	assert.ok(!isMounted(mountpoint));

	const failing = openLocalbackup(below, { ...onIt, ...hooks, postBackupHook: "echo it broke >&2; exit 7" });
	const roots = source(below);
	const { afterwards } = await failing.create({ name: "b", roots, metadata: metadataOf("b") }, true, quiet);
	assert.ok(afterwards instanceof HoldfastError);
	assert.equal(afterwards.message, "postBackupHook of disk ended with exit code 7");
	assert.deepEqual(afterwards.details, ["it broke"]);
	await assert.rejects(
		make(openLocalbackup(below, { ...onIt, ...hooks, preBackupHook: "exit 7" }), below, "c"),
		{
			message: "preBackupHook of disk ended with exit code 7",
		},
	);
	assert.equal((await openLocalbackup(below, onIt).list(quiet)).length, 2);
	assert.ok(!isMounted(mountpoint));
	assert.match(readFileSync(join(below, "said"), "utf8"), /preUnmount mounted\npostUnmount\n$/);

	execFileSync("mount", [mountpoint]);
	await openLocalbackup(below, onIt).list(quiet);
	assert.ok(isMounted(mountpoint), "who mounted it may unmount it");
	execFileSync("umount", [mountpoint]);
});

test("a disk that was taken away is told as absent, or as a fault where it is required", {
	skip: noDisks,
}, async () => {
	const { image, mountpoint } = disk("away");
	const below = join(folder, "absent");
	const onIt = { directory: join(mountpoint, "backups"), mountpoint };
	await make(openLocalbackup(below, onIt), below, "a");
	execFileSync("mv", [image, `${image}.away`]);
	await assert.rejects(make(openLocalbackup(below, onIt), below, "b"), DestinationAbsent);
	await assert.rejects(
		make(openLocalbackup(below, { ...onIt, required: true }), below, "b"),
		(error) =>
			!(error instanceof DestinationAbsent) &&
			/the disk of disk is not attached/.test((error as Error).message),
	);
	execFileSync("mv", [`${image}.away`, image]);
	await make(openLocalbackup(below, onIt), below, "b");
});

test("a full disk is said in those words, and nothing half is listed", { skip: noDisks }, async () => {
	const { mountpoint } = disk("small");
	const below = join(folder, "full");
	const onIt = { directory: join(mountpoint, "backups"), mountpoint };
	await make(openLocalbackup(below, onIt), below, "a");
	writeFileSync(join(below, "source/large"), Buffer.alloc(80 * 1024 * 1024, "abc"));
	await assert.rejects(make(openLocalbackup(below, onIt), below, "b"), /no space left in .*backups/);
	assert.equal((await openLocalbackup(below, onIt).list(quiet)).length, 1);
	writeFileSync(join(below, "source/large"), "small");
	await make(openLocalbackup(below, onIt), below, "c");
});

test("an archive is shown at another place, read-only, until it is no longer wanted", {
	skip: noDisks,
}, async () => {
	const below = join(folder, "shown");
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	const stop = new AbortController();
	const at = join(below, "at");
	const facts: string[][] = [];
	requireAble(destination, "mount");
	await destination.mount(
		"a",
		at,
		(where) => {
			facts.push(factsOf(join(where, below, "source")));
			assert.throws(() => writeFileSync(join(where, "x"), ""), /EROFS/);
			stop.abort();
		},
		{ ...quiet, signal: stop.signal },
	);
	assert.deepEqual(facts, [factsOf(join(below, "source"))]);
	assert.deepEqual(readdirSync(at), []);
});
