// What is no fault of a run, and that somebody has to act on all the same: no timer, no retention.
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { ENGINES } from "../../src/engines/list.ts";
import { keptForEver } from "../../src/manifest/warnings.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("advice");

/** systemd answers, and has no unit of ours. */
async function statusWithoutUnits(place: Place) {
	place.write(
		"bin/systemctl",
		'#!/bin/sh\nfor unit; do :; done\nprintf "Id=%s\\nLoadState=not-found\\n" "$unit"\n',
	);
	chmodSync(place.path("bin/systemctl"), 0o755);
	return place.start(["status"], ["env", `PATH=${place.path("bin")}:${process.env.PATH}`]).ended;
}

function placeWith(machine: object): Place {
	const place = new Place(folder);
	place.write("data/file", "precious");
	place.declare({ state: { data: { folders: [place.path("data")] } }, ...machine });
	return place;
}

test("without timers, status says so, and what to type; it fails if the config says when", async () => {
	const place = placeWith({});
	assert.equal((await place.holdfast("create")).code, 0);
	const byHand = await statusWithoutUnits(place);
	assert.equal(byHand.code, 0, byHand.stdout + byHand.stderr);
	assert.match(byHand.stdout, /^! web01: no timer is set up, .*: holdfast deploy web01$/m);
	for (const [schedule, code] of [
		[{ create: "*-*-* 03:00:00" }, 1],
		[{ create: false }, 0],
	] as const) {
		place.declare({ state: { data: { folders: [place.path("data")] } }, ...{ schedule } });
		const { code: got, stdout } = await statusWithoutUnits(place);
		assert.equal(got, code, stdout);
		assert.equal(
			/^✘ web01: no timer is set up, .* the config says when: holdfast deploy web01$/m.test(stdout),
			code === 1,
		);
		assert.doesNotMatch(stdout, /^! web01: no timer/m);
	}
});

test("archives that nobody prunes are named, unless the engine limits them, or it is meant", () => {
	const state = { data: {} } as never;
	const tar = { type: "tar", destinations: {} } as const;
	const says = (providers: object, schedule?: { prune: false }) =>
		keptForEver({ state, providers: providers as never, schedule });
	assert.match(says({ usb: tar }).join(), /^archives in usb are kept for ever, until the disk is full/);
	assert.deepEqual(says({ usb: { ...tar, retention: { daily: 7 } } }), []);
	assert.deepEqual(says({ usb: tar }, { prune: false }), []);
	assert.deepEqual(says({ disk: { type: "localbackup", destinations: {} }, own: { type: "command" } }), []);
	assert.deepEqual(keptForEver({ state: {}, providers: { usb: tar }, schedule: undefined }), []);
});

test("the first config prunes nothing, and its comment is a retention without its mark", async () => {
	const facts = { archives: "/mnt/archives", secrets: "/etc/secrets", isInstalled: true };
	const text = firstConfig({
		...{ machine: "web01", nixos: false, proposal: undefined },
		folders: {
			states: [{ name: "data", folder: "/srv/data", exclude: [] }],
			optional: { name: "", about: "", folders: [] },
		},
		providers: ENGINES.flatMap(({ firstConfig: lines }) => lines?.(facts) ?? []),
	});
	const retentionIn = async (some: string) => {
		const [machine] = await machinesIn(readYaml({ file: "config", text: some }), "config");
		const { disk } = machine?.providers ?? {};
		return disk !== undefined && "retention" in disk ? disk.retention : undefined;
	};
	assert.equal(await retentionIn(text), undefined);
	assert.deepEqual(await retentionIn(text.replace(/^( +)# (retention:)/m, "$1$2")), {
		...{ keepWithin: "1d", daily: 7, weekly: 4, monthly: 6 },
	});
});
