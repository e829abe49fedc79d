// What users of other backup programs have reported of their words and messages (docs/reported.md), tried here.
import assert from "node:assert/strict";
import { chmodSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("reported-words");

function place(): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	symlinkSync("file", place.path("data/link"));
	place.declare({
		state: { data: { folders: [place.path("data")] } },
		providers: { tar: { destinations: { usb: { path: place.path("usb") } } } },
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

test("diff names what has changed: no link that is the same, and a file of which only the mode differs", async () => {
	const here = place();
	assert.equal((await here.holdfast("create")).code, 0);
	const same = await here.holdfast("diff", "--service", "data", "latest");
	assert.match(same.stdout + same.stderr, /^0 to add, 0 to remove, 0 to change$/m);
	chmodSync(here.path("data/file"), 0o600);
	const { stdout } = await here.holdfast("diff", "--service", "data", "latest");
	assert.match(stdout, /^~ \S+data\/file \(mode\)$/m);
	assert.doesNotMatch(stdout, /link/);
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
