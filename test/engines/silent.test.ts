// An engine that succeeds but prints no listing: this must not look like a destination without archives, which prune
// would rely on.
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("silent");
const PRINTED = ["", "\n", "{}", '{"repository": {}}', '{"archives": null}'];

for (const [engine, program, listing, options] of [
	["borgbackup", "borg", "list", (place: Place) => ({ repo: place.path("repo"), encryption: "none" })],
	[
		"restic",
		"restic",
		"snapshots",
		(place: Place) => ({ repo: place.path("repo"), passphraseFile: place.write("passphrase", "secret\n") }),
	],
] as const)
	test(`${engine}: a listing that is not there is an error, and no empty one`, async () => {
		const place = new Place(folder);
		place.write("data/file", "content");
		place.declare({
			state: { s: { folders: [place.path("data")] } },
			providers: { [engine]: { destinations: { disk: options(place) }, retention: { daily: 1 } } },
		});
		assert.equal((await place.holdfast("create")).code, 0);
		const shim = place.write(
			`bin/${program}`,
			`#!/bin/sh\nfor word; do [ "$word" = ${listing} ] && exec cat ${place.path("printed")}; done\nexec /usr/bin/${program} "$@"\n`,
		);
		chmodSync(shim, 0o755);
		const path = ["env", `PATH=${place.path("bin")}:${process.env.PATH}`];
		for (const text of PRINTED) {
			place.write("printed", text);
			const { code, stderr } = await place.start(["list"], path).ended;
			assert.notEqual(code, 0, JSON.stringify(text));
			assert.match(stderr, /could not be listed: the output of .* cannot be parsed/, JSON.stringify(text));
		}
		// Go prints a list that was never initialized as null.
		place.write("printed", program === "restic" ? "null\n" : '{"archives": []}');
		assert.equal((await place.start(["list"], path).ended).code, 0);
	});
