// What a restore itself needs, what it could not restore, and what a normal user may not do: all detected before
// anything is touched.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { after, describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { backedUp, succeeds } from "./backed-up.ts";

const folder = scratch("own-needs");
// Other users pass through it.
chmodSync(folder, 0o755);
const onlyRoot = { skip: isRoot ? false : "needs root" };
const read = (place: Place, name: string) => readFileSync(place.path(name), "utf8");

test("the journal of the run: never stored, and never put aside with the folder that it is in", async () => {
	const place = new Place(folder);
	place.write("own/home/file", "old");
	place.declare({ state: { s: { folders: [place.path("own/home")] } } });
	const here = ["env", `HOLDFAST_STATE_DIR=${place.path("own/home/.local/state/holdfast")}`];
	const holdfast = async (...words: string[]) => place.start(words, here).ended;
	assert.equal((await holdfast("create")).code, 0);
	const { stdout } = await holdfast("archives", "browse", "latest");
	assert.ok(!stdout.includes("journal"), stdout);
	place.write("own/home/file", "newer");
	for (const how of [[], ["--in-place"]]) {
		const { code, stderr } = await holdfast("restore", "--yes", ...how, "tar", "latest");
		assert.equal(code, 1);
		assert.match(
			stderr,
			/the journal of this run, is inside .*own\/home: restore the other folders with --path/,
		);
		assert.equal(read(place, "own/home/file"), "newer");
	}
	const part = await holdfast("restore", "--yes", "--path", place.path("own/home/file"), "tar", "latest");
	assert.equal(part.code, 0, part.stderr);
	assert.equal(read(place, "own/home/file"), "old");
	assert.match((await holdfast("runs")).stdout, /restore/);
});

test(
	"a user of a hook or health check that does not exist is found before anything is changed",
	onlyRoot,
	async () => {
		const place = new Place(folder);
		place.write("own/file", "old");
		const declare = (more: object) =>
			place.declare({ state: { s: { folders: [place.path("own")], ...more } } });
		declare({});
		await succeeds(place, "create");
		place.write("own/file", "newer");
		const hook = (user: string) => ({ command: ["true"], user });
		const check = hook("hf-nobody-2");
		declare({ hooks: { postRestore: hook("hf-nobody-1") }, healthChecks: [check, hook("root")] });
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.equal(code, 1);
		assert.match(stderr, /2 problems prevent the restore/);
		assert.match(stderr, /the hook postRestore of s: the user "hf-nobody-1" does not exist on this machine/);
		assert.match(stderr, /the check of s, true: the user "hf-nobody-2" does not exist on this machine/);
		assert.equal(read(place, "own/file"), "newer");
		// A hook that runs before may create it.
		declare({ hooks: { preRestore: "true" }, healthChecks: [check] });
		const foreseen = await place.holdfast("restore", "--dry-run", "tar", "latest");
		assert.equal(foreseen.code, 0, foreseen.stderr);
		assert.match(
			foreseen.stdout + foreseen.stderr,
			/"hf-nobody-2" .*, unless the hook preRestore creates it/,
		);
	},
);

test("the passphrase of the repository is not deleted before the archive is read", async () => {
	const place = new Place(folder);
	const passphraseFile = place.write("own/etc/passphrase", "secret\n");
	chmodSync(passphraseFile, 0o600);
	place.declare({
		state: { s: { folders: [place.path("own/etc")] } },
		providers: { restic: { destinations: { repo: { repo: place.path("repo"), passphraseFile } } } },
	});
	await succeeds(place, "create");
	const { code, stderr } = await place.holdfast("restore", "--yes", "--in-place", "restic", "latest");
	assert.equal(code, 1);
	assert.match(
		stderr,
		/passphrase is needed to read the archive, but is in .*own\/etc: restore without --in-place/,
	);
	assert.equal(read(place, "own/etc/passphrase"), "secret\n");
	await succeeds(place, "restore", "--yes", "restic", "latest");
});

test("the key of a borg repository is not deleted either, where borg keeps it by itself", async () => {
	const place = new Place(folder);
	place.write("own/home/file", "old");
	const passphraseFile = place.write("passphrase", "secret\n");
	chmodSync(passphraseFile, 0o600);
	const repo = { repo: place.path("repo"), encryption: "keyfile-blake2", passphraseFile };
	place.declare({
		state: { s: { folders: [place.path("own/home")] } },
		providers: { borgbackup: { destinations: { repo } } },
	});
	const home = ["env", "-u", "XDG_CONFIG_HOME", `HOME=${place.path("own/home")}`];
	const made = await place.start(["create"], home).ended;
	assert.equal(made.code, 0, made.stderr);
	const words = ["restore", "--yes", "--in-place", "borgbackup", "latest"];
	const { code, stderr } = await place.start(words, home).ended;
	assert.equal(code, 1);
	assert.match(stderr, /\.config\/borg is needed to read the archive/);
	assert.ok(existsSync(place.path("own/home/.config/borg/keys")));
	const both = await place.holdfast(
		"restore",
		"--yes",
		"--in-place",
		"--keep-old",
		"1d",
		"borgbackup",
		"latest",
	);
	assert.equal(both.code, 2);
	assert.match(both.stderr, /--in-place deletes the live data, so there is no old copy to keep/);
});

test("an undo leaves what has become another state's since, and stops its units with the rest", async () => {
	const outer = (place: Place) => ({ outer: { folders: [place.path("own/outer")] } });
	const { place } = await backedUp(outer, (place) => {
		for (const name of ["own/outer/file", "own/outer/inner/file"]) place.write(name, "old");
	});
	const { stdout } = await succeeds(place, "restore", "--yes", "--json", "--keep-old", "1d", "tar", "latest");
	const run = /"run":\s*"([^"]+)"/.exec(stdout)?.[1] ?? "";
	const inner = { folders: [place.path("own/outer/inner")], stopOnRestore: ["inner.service"] };
	place.declare({ state: { ...outer(place), inner } });
	for (const name of ["own/outer/file", "own/outer/inner/file"]) writeFileSync(place.path(name), "newer");
	const plan = JSON.parse((await succeeds(place, "undo", "--dry-run", "--json", run)).stdout);
	assert.match(JSON.stringify(plan.steps), /"unit":"inner\.service"/);
	place.declare({ state: { ...outer(place), inner: { ...inner, stopOnRestore: [] } } });
	await succeeds(place, "undo", "--yes", run);
	assert.equal(read(place, "own/outer/file"), "old");
	assert.equal(read(place, "own/outer/inner/file"), "newer");
});

describe("file systems", onlyRoot, () => {
	test("a btrfs subvolume in a folder goes with the old copy, or stays where it is; in place it is refused", async () => {
		const place = new Place(folder);
		const disk = place.path("own");
		mkdirSync(disk);
		execFileSync("truncate", ["-s", "200M", place.path("image")]);
		execFileSync("mkfs.btrfs", ["-q", place.path("image")]);
		execFileSync("mount", ["-o", "loop", place.path("image"), disk]);
		after(() => execFileSync("umount", [disk]));
		mkdirSync(`${disk}/app`);
		execFileSync("btrfs", ["-q", "subvolume", "create", `${disk}/app/snapshots`]);
		writeFileSync(`${disk}/app/file`, "old");
		writeFileSync(`${disk}/app/snapshots/file`, "old");
		const app = { app: { folders: [`${disk}/app`] } };
		place.declare({ state: app });
		await succeeds(place, "create");
		writeFileSync(`${disk}/app/file`, "newer");
		const refused = await place.holdfast("restore", "--yes", "--in-place", "tar", "latest");
		assert.equal(refused.code, 1);
		assert.match(
			refused.stderr,
			/app\/snapshots is a btrfs subvolume in .*own\/app and cannot be deleted in place/,
		);
		assert.equal(read(place, "own/app/file"), "newer");
		// One that its user created, with a read-only snapshot in it.
		execFileSync("btrfs", [
			"-q",
			"subvolume",
			"snapshot",
			"-r",
			`${disk}/app/snapshots`,
			`${disk}/app/frozen`,
		]);
		const { stderr } = await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /app\/snapshots is a btrfs subvolume in .* will be restored as a plain folder/);
		assert.equal(read(place, "own/app/file"), "old");
		assert.deepEqual(readdirSync(disk), ["app"]);
		writeFileSync(`${disk}/app/file`, "newer");
		rmSync(`${disk}/app/snapshots`, { recursive: true });
		execFileSync("btrfs", ["-q", "subvolume", "create", `${disk}/app/snapshots`]);
		place.declare({ state: { ...app, snapshots: { folders: [`${disk}/app/snapshots`] } } });
		await succeeds(place, "create");
		await succeeds(place, "restore", "--yes", "--service", "app", "tar", "latest");
		assert.equal(read(place, "own/app/file"), "newer");
		assert.equal(statSync(`${disk}/app/snapshots`).ino, 256);
	});

	test("a disk that is not mounted is missed, and said", async () => {
		const place = new Place(folder);
		mkdirSync(place.path("own/disk"), { recursive: true });
		execFileSync("mount", ["-t", "tmpfs", "tmpfs", place.path("own/disk")]);
		try {
			place.write("own/disk/file", "old");
			place.declare({ state: { s: { folders: [place.path("own/disk")] } } });
			await succeeds(place, "create");
		} finally {
			execFileSync("umount", [place.path("own/disk")]);
		}
		const { stderr } = await succeeds(place, "restore", "--yes", "tar", "latest");
		assert.match(
			stderr,
			/own\/disk was on the file system at .*own\/disk when it was backed up, but nothing is mounted/,
		);
	});
});

describe("as a normal user", onlyRoot, () => {
	const NOBODY = 65_534;
	const begin = (name: string) => {
		const place = new Place(folder);
		place.write("own/parent/app/file", "old");
		place.write("own/parent/app/modules/part/file", "old");
		place.declare({
			state: { s: { folders: [place.path(name)] } },
			providers: { tar: EVERY_ENGINE.tar?.(place) ?? {} },
		});
		execFileSync("chown", ["-R", `${NOBODY}:${NOBODY}`, place.folder]);
		for (const locked of ["own/parent/app/modules/part", "own/parent/app/modules"])
			chmodSync(place.path(locked), 0o555);
		return place;
	};
	const as = [
		"setpriv",
		`--reuid=${NOBODY}`,
		`--regid=${NOBODY}`,
		"--clear-groups",
		"env",
		"HOME=/nonexistent",
	];
	const holdfast = async (place: Place, ...words: string[]) => {
		const { code, stdout, stderr } = await place.start(words, as).ended;
		return { code, said: `${stdout}${stderr}` };
	};
	const change = (place: Place) => writeFileSync(place.path("own/parent/app/file"), "newer");
	const leftIn = (place: Place) =>
		execFileSync("find", [place.path("own"), "-name", ".holdfast-*"], { encoding: "utf8" });

	test("folders that their owner cannot write to are replaced, put back and deleted as others are", async () => {
		const place = begin("own/parent/app");
		const made = await holdfast(place, "create");
		assert.equal(made.code, 0, made.said);
		for (const [code, ...words] of [
			[0, "restore", "--yes"],
			[0, "restore", "--yes", "--in-place"],
			[0, "restore", "--yes", "--path", place.path("own/parent/app/modules")],
		] as const) {
			change(place);
			const { code: was, said } = await holdfast(place, ...words, "tar", "latest");
			assert.equal(was, code, said);
			assert.equal(read(place, "own/parent/app/modules/part/file"), "old");
			assert.equal(statSync(place.path("own/parent/app/modules")).mode & 0o777, 0o555);
			assert.equal(leftIn(place), "", words.join(" "));
		}
		const part = ["restore", "--yes", "--path", place.path("own/parent/app/modules/part")];
		const refused = await holdfast(place, ...part, "tar", "latest");
		assert.equal(refused.code, 1);
		assert.match(refused.said, /may not write to .*part, where a private folder is needed/);
		change(place);
		const state = { s: { folders: [place.path("own/parent/app")], hooks: { postRestore: "exit 1" } } };
		place.declare({ state });
		const { code, said } = await holdfast(place, "restore", "--yes", "tar", "latest");
		assert.equal(code, 1, said);
		assert.equal(read(place, "own/parent/app/file"), "newer");
		assert.equal(statSync(place.path("own/parent/app/modules")).mode & 0o777, 0o555);
		assert.equal(leftIn(place), "");
		const into = place.path("own/extracted");
		const taken = await holdfast(
			place,
			"archives",
			"extract",
			"latest",
			place.path("own/parent/app/modules"),
			"--into",
			into,
		);
		assert.equal(taken.code, 0, taken.said);
		assert.ok(existsSync(`${into}/modules/part/file`));
	});

	test("a folder of theirs in one that they cannot write to stays, and what is in it is replaced", async () => {
		const place = begin("own/parent/app");
		execFileSync("chown", ["root:root", place.path("own/parent")]);
		const made = await holdfast(place, "create");
		assert.equal(made.code, 0, made.said);
		for (const how of [[], ["--in-place"]]) {
			change(place);
			const { code, said } = await holdfast(place, "restore", "--yes", ...how, "tar", "latest");
			assert.equal(code, 0, said);
			assert.equal(read(place, "own/parent/app/file"), "old");
			assert.equal(leftIn(place), "");
		}
		rmSync(place.path("own/parent/app"), { recursive: true });
		const { code, said } = await holdfast(place, "restore", "--yes", "tar", "latest");
		assert.equal(code, 1);
		assert.match(said, /own\/parent/);
	});
});
