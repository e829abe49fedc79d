// What users of other backup programs have reported of their words and messages (docs/reported.md), tried here.
import assert from "node:assert/strict";
import { chmodSync, chownSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { cheapRepository } from "../support/cheap-restic.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("reported-words");

function place(): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	symlinkSync("file", place.path("data/link"));
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: { tar: { retention: { keepLast: 1 }, destinations: { usb: { path: place.path("usb") } } } },
	});
	return place;
}

test("an empty section and a value with a blank at its end are faults, each with its place", async () => {
	const here = place();
	const file = here.path("faults.yaml");
	writeFileSync(
		file,
		`machines:
  web01:
    state:
      data: { folders: [${here.path("data")}], snapshot: "never " }
    providers:
      tar:
        retention:
        destinations: { usb: { path: ${here.path("usb")} } }
`,
	);
	const { code, stderr } = await here.holdfast("validate", "--config", file);
	assert.equal(code, 2);
	assert.match(stderr, /faults\.yaml:4:\d+: expected .*"never".*, found "never " .*snapshot/);
	assert.match(stderr, /faults\.yaml:7:\d+: expected a map, found nothing .*retention/);
});

test("diff names what has changed: no link that is the same, and a file of which only mode or time differs", async () => {
	const here = place();
	assert.equal((await here.holdfast("create")).code, 0);
	const same = await here.holdfast("diff", "--service", "data", "latest");
	assert.match(same.stdout + same.stderr, /^0 to add, 0 to remove, 0 to change$/m);
	chmodSync(here.path("data/file"), 0o600);
	const { stdout } = await here.holdfast("diff", "--service", "data", "latest");
	assert.match(stdout, /^~ \S+data\/file \(mode\)$/m);
	assert.doesNotMatch(stdout, /link/);
	chmodSync(here.path("data/file"), 0o644);
	utimesSync(here.path("data/file"), 1, 1);
	const touched = await here.holdfast("diff", "--service", "data", "latest");
	assert.match(touched.stdout, /^~ \S+data\/file \(time\)$/m);
});

test("a mode and an owner that change alone are in the next archive, on every engine", async () => {
	const here = new Place(folder);
	const file = here.write("data/file", "precious");
	const passphraseFile = here.write("passphrase", "correct horse\n");
	chmodSync(passphraseFile, 0o600);
	cheapRepository(here.path("restic"), passphraseFile);
	const providers = {
		tar: { destinations: { tar: { path: here.path("tar") } } },
		borgbackup: { destinations: { borg: { repo: here.path("borg"), encryption: "none" } } },
		restic: { destinations: { restic: { repo: here.path("restic"), passphraseFile } } },
		localbackup: { destinations: { local: { directory: here.path("local") } } },
	};
	here.declare({ state: { data: { folders: [here.path("data")] } }, providers });
	const set = (mode: number, owner: number) => {
		if (process.getuid?.() === 0) chownSync(file, owner, owner);
		chmodSync(file, mode);
	};
	const now = () => {
		const { mode, uid } = statSync(file);
		return [mode & 0o777, uid];
	};
	set(0o644, 0);
	assert.equal((await here.holdfast("create")).code, 0);
	set(0o600, 12_345);
	const expected = now();
	assert.equal((await here.holdfast("create")).code, 0);
	for (const provider of Object.keys(providers)) {
		set(0o644, 0);
		const restored = await here.holdfast("restore", "--yes", provider, "latest");
		assert.equal(restored.code, 0, restored.stderr);
		assert.deepEqual(now(), expected, provider);
	}
});

test("prune --dry-run says of each archive why it would stay or go", async () => {
	const here = place();
	for (const _ of [1, 2]) assert.equal((await here.holdfast("create")).code, 0);
	const { code, stdout } = await here.holdfast("prune", "--dry-run");
	assert.equal(code, 0);
	assert.match(stdout, /^ +keep .* the newest good one of data; one of the last$/m);
	assert.match(stdout, /^ +PRUNE .* no rule keeps it$/m);
});

test("undo without a run: those that can be undone are listed, and nothing is done", async () => {
	const here = place();
	const none = await here.holdfast("undo", "--yes");
	assert.equal(none.code, 2);
	assert.match(none.stderr, /RUN is missing[\s\S]*no restore has kept its old copy/);
	await here.holdfast("create");
	rmSync(here.path("data/file"));
	await here.holdfast("restore", "--yes", "--keep-old", "1d", "latest");
	const { code, stderr } = await here.holdfast("undo", "--yes");
	assert.equal(code, 2);
	assert.match(stderr, /RUN is missing[\s\S]*\S+Z-\w{4}: data, until [\s\S]*holdfast undo latest/);
});
