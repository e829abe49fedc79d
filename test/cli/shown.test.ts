// `archives mount`: what a killed one leaves, and a borg without FUSE.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { mountsOf } from "../../src/host/mounts.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("shown");
const mountsBelow = (folder: string) => mountsOf("self").filter(({ path }) => path.startsWith(folder));

async function backedUp(providers: (place: Place) => object) {
	const place = new Place(below);
	place.write("notes/letter", "dear");
	place.declare({ state: { notes: { folders: [place.path("notes")] } }, providers: providers(place) });
	assert.equal((await place.holdfast("create")).code, 0);
	return place;
}

/** Mount, and kill the command without a chance to clean up. */
async function killedMount(place: Place): Promise<string> {
	const at = place.path("look");
	const { child, ended } = place.start(["archives", "mount", "latest", at]);
	// It records what it has mounted.
	const record = place.path(`run/shown-${child.pid}.json`);
	for (let left = 300; !existsSync(record) || !/system/.test(readFileSync(record, "utf8")); left--) {
		assert.ok(left > 0, "nothing was mounted within thirty seconds");
		await pause(100);
	}
	child.kill("SIGKILL");
	await ended;
	return at;
}

const needsMounts = isRoot ? undefined : "only root can mount";

test("what a killed archives mount left is unmounted by recover, and only that", {
	skip: needsMounts,
}, async () => {
	const place = await backedUp((one) => ({
		localbackup: { destinations: { disk: { directory: one.path("disk") } } },
	}));
	const at = await killedMount(place);
	assert.equal(mountsBelow(at).length, 2);
	const { stdout, stderr } = await place.holdfast("recover");
	assert.match(stdout + stderr, /unmounted \S+look: the command that showed an archive there was killed/);
	assert.deepEqual(mountsBelow(at), []);
	assert.deepEqual(
		readdirSync(place.path("run")).filter((name) => name.startsWith("shown-")),
		[],
	);
	assert.equal(readdirSync(place.path("disk/snapshot.0")).includes("holdfast.json"), true);

	// Somebody else has mounted something there in the meantime.
	const again = await killedMount(place);
	for (const { path } of mountsBelow(again).reverse()) execFileSync("umount", [path]);
	execFileSync("mount", ["-t", "tmpfs", "tmpfs", again]);
	try {
		assert.doesNotMatch((await place.holdfast("recover")).stderr, /unmounted/);
		assert.equal(mountsBelow(again).length, 1);
	} finally {
		execFileSync("umount", [again]);
	}
});

test("the next archives mount unmounts it, too, and may use the same folder", {
	skip: needsMounts,
}, async () => {
	const place = await backedUp((one) => ({
		localbackup: { destinations: { disk: { directory: one.path("disk") } } },
	}));
	await killedMount(place);
	const at = await killedMount(place);
	assert.equal(mountsBelow(at).length, 2);
	await place.holdfast("recover");
	assert.deepEqual(mountsBelow(at), []);
});

test("a borg without FUSE: what to install, and how to do without", async () => {
	const place = await backedUp((one) => ({
		borgbackup: { destinations: { disk: { repo: one.path("repo"), encryption: "none" } } },
	}));
	mkdirSync(place.path("bin"));
	const real = execFileSync("sh", ["-c", "command -v borg"], { encoding: "utf8" }).trim();
	writeFileSync(place.path("bin/borg"), `#!/bin/sh\nBORG_FUSE_IMPL=none exec ${real} "$@"\n`, {
		mode: 0o755,
	});
	const { code, stderr } = await place.start(
		["archives", "mount", "latest", place.path("look")],
		["timeout", "60", "env", `PATH=${place.path("bin")}:${process.env.PATH}`],
	).ended;
	assert.equal(code, 1);
	assert.match(
		stderr,
		/borg cannot mount: it lacks Python's module for FUSE[\s\S]*python3-llfuse.*holdfast archives extract/,
	);
});

test("a disk that a killed command has mounted is unmounted by the next one, even if that only recovers", {
	skip: needsMounts,
}, async () => {
	const place = new Place(below);
	place.write("notes/letter", "dear");
	const mountpoint = place.path("usb");
	const fstab = place.write("fstab", `tmpfs ${mountpoint} tmpfs noauto 0 0\n`);
	const killed = place.path("killed");
	place.declare({
		state: { notes: { folders: [place.path("notes")] } },
		providers: {
			localbackup: {
				destinations: {
					usb: {
						directory: `${mountpoint}/archives`,
						mountpoint,
						postMountHook: `if ! test -e ${killed}; then touch ${killed}; kill -9 $PPID; fi`,
					},
				},
			},
		},
	});
	// The table and what is mounted are those of this process and its children.
	const within = `mount --bind ${fstab} /etc/fstab; "$1" create || true; mountpoint -q ${mountpoint}; "$@"; ! mountpoint -q ${mountpoint}`;
	for (const command of ["recover", "create"]) {
		rmSync(killed, { force: true });
		const { code, stdout, stderr } = await place.start(
			[command],
			["unshare", "-m", "sh", "-ec", within, "sh"],
		).ended;
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout + stderr, /unmounted \S+usb, left mounted by a command that has ended/);
	}
	assert.deepEqual(
		readdirSync(place.path("run")).filter((name) => name.startsWith("disk-")),
		[],
	);
});

for (const [missing, setup, expected] of [
	["fusermount", "", /fusermount is not installed[\s\S]*fuse3.*holdfast archives extract/],
	[
		"/dev/fuse",
		"mount -t tmpfs tmpfs /dev; for one in null zero urandom; do mknod /dev/$one c 1 3; done;",
		/\/dev\/fuse does not exist[\s\S]*modprobe fuse.*holdfast archives extract/,
	],
] as const)
	test(`restic without ${missing}: what to do, and how to do without`, { skip: needsMounts }, async () => {
		const place = await backedUp((one) => ({
			restic: {
				destinations: { disk: { repo: one.path("repo"), passphraseFile: one.write("pw", "secret\n") } },
			},
		}));
		const bin = place.path("bin");
		mkdirSync(bin);
		for (const folder of ["/bin", "/usr/bin", "/usr/local/bin"])
			for (const name of readdirSync(folder))
				if (!(missing === "fusermount" && name.startsWith("fusermount")) && !existsSync(`${bin}/${name}`))
					symlinkSync(`${folder}/${name}`, `${bin}/${name}`);
		const { code, stderr } = await place.start(
			["archives", "mount", "latest", place.path("look")],
			["timeout", "60", "unshare", "-m", "sh", "-ec", `${setup} PATH=${bin}; exec "$@"`, "sh"],
		).ended;
		assert.notEqual(code, 0);
		assert.match(stderr, expected);
	});
