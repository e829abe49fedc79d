// The part of a provider's contract about disks that are not mounted. Expected mounts are read from /etc/fstab, mount
// units and the path, so the program runs in a mount namespace in which these are as the case requires.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineNamed } from "../../src/engines/list.ts";
import { isRoot } from "../support/tree.ts";
import type { Engine } from "./engines.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

interface Case {
	readonly title: string;
	/** Runs before the program, with the case's folder as $F. */
	readonly script?: string;
	/** The destination. */
	readonly at: string;
	/** Of the config. */
	readonly mountpoint?: string | false;
	/** The message when it is refused. */
	readonly refused?: RegExp;
}

const FSTAB =
	'printf "%s\\n" "LABEL=x $F/a\\040disk ext4 noauto 0 0" >"$F/fstab"; mount --bind "$F/fstab" /etc/fstab';
const UNIT =
	'mount -t tmpfs none /etc/systemd/system; touch "/etc/systemd/system/$(systemd-escape --path "$F/a disk").mount"';

const CASES: readonly Case[] = [
	{ title: "below /mnt", at: "/mnt/holdfast test/deep", refused: /is in \/mnt, where disks are mounted/ },
	{
		title: "by a link below /media",
		script: 'ln -s "/media/holdfast test" "$F/link"',
		at: "$F/link/deep",
		refused: /is in \/media, where disks are mounted/,
	},
	{
		title: "below /mnt, mounted",
		script: "mount -t tmpfs none /mnt; mkdir /mnt/usb; mount -t tmpfs none /mnt/usb",
		at: "/mnt/usb/deep",
	},
	{
		title: "known to fstab",
		script: FSTAB,
		at: "$F/a disk/deep",
		refused: /no file system is mounted at .*\/a disk:[\s\S]*mountpoint: false/,
	},
	{
		title: "known to fstab, mounted",
		script: `${FSTAB}; mount -t tmpfs none "$F/a disk"`,
		at: "$F/a disk/deep",
	},
	{
		title: "known to fstab, and none need be mounted",
		script: FSTAB,
		at: "$F/a disk/deep",
		mountpoint: false,
	},
	{
		title: "known to a mount unit",
		script: UNIT,
		at: "$F/a disk/deep",
		refused: /no file system is mounted at/,
	},
	{
		title: "named in the config",
		at: "$F/a disk/deep",
		mountpoint: "$F/a disk",
		refused: /no file system is mounted at|cannot be mounted/,
	},
];

export function wantsItsDisk({ name, type = name }: Engine, scratch: string): void {
	test("what is on a disk that is not mounted is not written to the disk below", {
		skip: isRoot ? false : "only root can mount",
	}, () => {
		// All engines share one rule: two of them suffice to show that each engine applies it.
		const cases = name === "tar" ? CASES : CASES.slice(0, 2);
		for (const one of cases) tryCase(type, mkdtempSync(join(scratch, "disks-")), one);
	});
}

function tryCase(
	engine: string,
	folder: string,
	{ title, script = "", at, mountpoint, refused }: Case,
): void {
	const meant = (text: string) => text.replaceAll("$F", folder);
	const passphraseFile = join(folder, "passphrase");
	writeFileSync(passphraseFile, "correct horse\n", { mode: 0o600 });
	mkdirSync(join(folder, "small"));
	mkdirSync(join(folder, "a disk"));
	writeFileSync(join(folder, "small/file"), "as it was");
	const place = engineNamed(engine)?.address ?? "";
	const destination = {
		[place]: meant(at),
		...(mountpoint === undefined ? {} : { mountpoint: mountpoint && meant(mountpoint) }),
		...(place === "repo" ? { passphraseFile } : {}),
	};
	const state = { s: { folders: [join(folder, "small")] } };
	const providers = { [engine]: { destinations: { d: destination } } };
	writeFileSync(join(folder, "holdfast.json"), JSON.stringify({ machines: { web01: { state, providers } } }));
	const end = spawnSync(
		"unshare",
		["-m", "sh", "-euc", `F="$1"; shift\n${script}\nexec "$@"`, "sh", folder, HOLDFAST, "create"],
		{
			cwd: folder,
			encoding: "utf8",
			env: {
				...process.env,
				HOLDFAST_STATE_DIR: join(folder, "state"),
				HOLDFAST_RUNTIME_DIR: join(folder, "run"),
				HOLDFAST_CACHE_DIR: join(folder, "cache"),
			},
		},
	);
	assert.equal(end.status, refused === undefined ? 0 : 1, `${title}: ${end.stderr}`);
	if (refused === undefined) return;
	assert.match(end.stderr, refused, title);
	assert.ok(!existsSync(meant(at)), `${title}: nothing was written`);
}
