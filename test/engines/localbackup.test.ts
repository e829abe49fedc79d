// localbackup on real rsnapshot against the contract, and its own features: disks, hooks, how many snapshots are
// kept.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Destination, DestinationAbsent, requireAble } from "../../src/engines/destination.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf, isRoot } from "../support/tree.ts";
import { fulfilsContract } from "./contract.ts";
import { localbackup, openLocalbackup, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";

const folder = scratch("localbackup");
setUpEngines(folder);
fulfilsContract(localbackup, folder);

const noDisks = isRoot ? undefined : "only root can mount a disk";

function source(below: string) {
	mkdirSync(join(below, "source/deep"), { recursive: true });
	// Once only: writing it again would change its time and make it a different file.
	if (!existsSync(join(below, "source/file"))) writeFileSync(join(below, "source/file"), "x");
	return [{ path: join(below, "source"), exclude: [] }];
}
const make = async (destination: Destination, below: string, ...names: string[]) => {
	const roots = source(below);
	for (const [index, name] of names.entries()) {
		// Each a little later than the one before.
		const created = new Date(Date.now() + index).toISOString();
		await destination.create({ name, roots, metadata: { ...metadataOf(name), created } }, true, quiet);
	}
};

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
	await make(destination, below, "c", "d", "e");
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

/** Three snapshots: `file` unchanged in all, `deep/new` in the last two only. */
async function digested(name: string) {
	const below = join(folder, name);
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	writeFileSync(join(below, "source/deep/new"), "n".repeat(1000));
	symlinkSync("file", join(below, "source/link"));
	await make(destination, below, "b", "c");
	const inSnapshot = (number: number, path: string) =>
		join(below, `on the disk/snapshot.${number}/web01`, below, "source", path);
	const faults = async (full: boolean) => {
		assert.ok(destination.check);
		return (await destination.check(full, quiet)).map(
			({ archive, message }) => `${archive}: ${message.replace(`${below}/source/`, "")}`,
		);
	};
	return { below, destination, inSnapshot, faults };
}

test("a check finds what is missing, cut or leads elsewhere; a full one finds each changed byte, in every snapshot that has it", async () => {
	const { below, inSnapshot, faults } = await digested("digests");
	assert.deepEqual([await faults(false), await faults(true)], [[], []]);
	writeFileSync(inSnapshot(0, "deep/new"), `m${"n".repeat(999)}`);
	execFileSync("touch", ["-r", join(below, "source/deep/new"), inSnapshot(0, "deep/new")]);
	assert.deepEqual(await faults(false), []);
	const changed = [
		"c: deep/new was changed since it was written",
		"b: deep/new was changed since it was written",
	];
	assert.deepEqual(await faults(true), changed);
	// The next snapshot shares the file, and keeps the digest of what was written.
	await make(openLocalbackup(below), below, "d");
	assert.deepEqual(await faults(true), ["d: deep/new was changed since it was written", ...changed]);
	truncateSync(inSnapshot(1, "deep/new"), 10);
	assert.deepEqual(
		await faults(false),
		["d", "c", "b"].map((archive) => `${archive}: deep/new is truncated: 10 of 1000 bytes`),
	);
	rmSync(inSnapshot(3, "file"));
	rmSync(inSnapshot(0, "link"));
	symlinkSync("/etc/passwd", inSnapshot(0, "link"));
	rmSync(inSnapshot(1, "deep"), { recursive: true });
	symlinkSync("/etc", inSnapshot(1, "deep"));
	const found = await faults(false);
	for (const one of [
		"a: file is not there",
		"d: link leads elsewhere than when it was written",
		"c: deep is of another type than when it was written",
		"c: deep/new is not there",
	])
		assert.ok(
			found.some((line) => line.endsWith(one) || line.replace(/: .*\/source/, ": ") === one),
			`${one} in ${found}`,
		);
});

test("what is the same hard link as before is not read again", async () => {
	const { below, inSnapshot, destination } = await digested("not again");
	// Nothing but the list before can say what this file held.
	writeFileSync(inSnapshot(0, "file"), "y");
	execFileSync("touch", ["-r", join(below, "source/file"), inSnapshot(0, "file")]);
	await make(destination, below, "d");
	assert.equal((await destination.check?.(true, quiet))?.length, 4);
});

test("a list of digests or a description that was changed is found, and a hold does not cover it up", async () => {
	const { below, destination, faults } = await digested("sealed");
	const [a] = await destination.list(quiet);
	assert.ok(a?.metadata);
	const about = join(below, "on the disk/snapshot.2/holdfast.json");
	const hold = { ...a.metadata, hold: { reason: "the audit", since: a.metadata.created } };
	await destination.writeMetadata?.("a", hold, quiet);
	assert.deepEqual(await faults(true), []);
	writeFileSync(about, readFileSync(about, "utf8").replace("the audit", "the adult"));
	await assert.rejects(
		async () => destination.writeMetadata?.("a", hold, quiet),
		/was changed since it was written/,
	);
	const list = join(below, "on the disk/snapshot.1/holdfast.files.zst");
	const bytes = readFileSync(list);
	bytes[20] = (bytes[20] ?? 0) ^ 1;
	writeFileSync(list, bytes);
	rmSync(join(below, "on the disk/snapshot.0/holdfast.files.zst"));
	assert.deepEqual(await faults(false), [
		"c: its list of files is not there",
		"b: its list of files was changed, or is damaged",
		"a: what describes it was changed since it was written",
	]);
	// The next one reads what it cannot know from such a list.
	await make(destination, below, "d");
	assert.equal((await faults(true)).length, 3);
});

test("a snapshot of an earlier version, without a list, is checked as before", async () => {
	const { below, faults } = await digested("earlier");
	for (const number of [0, 1, 2]) {
		rmSync(join(below, `on the disk/snapshot.${number}/holdfast.files.zst`));
		const about = join(below, `on the disk/snapshot.${number}/holdfast.json`);
		const { files: _, sha256: __, ...rest } = JSON.parse(readFileSync(about, "utf8"));
		writeFileSync(about, JSON.stringify(rest));
	}
	assert.deepEqual([await faults(false), await faults(true)], [[], []]);
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
