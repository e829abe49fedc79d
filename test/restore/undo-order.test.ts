// Which of several restores must be undone first.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { requireLast } from "../../src/plan/undo-order.ts";
import type { KeptCopy } from "../../src/steps/records.ts";
import { backedUp, succeeds } from "./backed-up.ts";

test("of two restores of a database alone, the later one is undone first", () => {
	const kept = (run: string, dump: KeptCopy["databases"][number]["dump"]): KeptCopy => ({
		...{ run, state: "data", until: "2026-11-24T01:00:00Z", places: [] },
		databases: [{ dump, old: "old" }],
	});
	const first = kept("r1", { postgresql: "notes" });
	const undo = (later: KeptCopy) => requireLast([first, later], [first]);
	assert.throws(() => undo(kept("r2", { postgresql: "notes" })), /run r2 replaced data after that/);
	for (const dump of [{ postgresql: "other" }, { postgresql: "notes", port: 5433 }, { mariadb: "notes" }])
		undo(kept("r2", dump));
});

test("beneath a later copy of the state that cannot be read, nothing is undone", () => {
	const first: KeptCopy = {
		run: "r1",
		state: "data",
		until: "2026-11-24T01:00:00Z",
		places: [],
		databases: [],
	};
	const later = { run: "r2", until: first.until, fault: "damaged" };
	assert.throws(
		() => requireLast([first, { ...later, state: "data" }], [first]),
		/run r2 replaced data after that/,
	);
	requireLast([first, { ...later, state: "other" }], [first]);
});

test("a restore that died after the last one is finished first: what was the last restore is so no longer", async () => {
	const { place } = await backedUp(
		(place) => ({ s: { folders: [place.path("own/a")] } }),
		(place) => void place.write("own/a/file", "old"),
	);
	const content = () => readFileSync(place.path("own/a/file"), "utf8");
	const restore = ["restore", "--yes", "--keep-old=1d", "tar", "latest"];
	place.write("own/a/file", "first");
	await succeeds(place, ...restore);
	place.write("own/a/file", "second");
	await place.start(restore, ["env", "HOLDFAST_FAULT=kill@keep:s#before"]).ended;
	assert.equal(content(), "old");
	const undo = await place.holdfast("undo", "--yes", "latest");
	assert.equal(undo.code, 1, undo.stderr);
	assert.match(undo.stderr, /the last restore is \S+ by now, not /);
	assert.equal(content(), "old");
	await succeeds(place, "undo", "--yes", "latest");
	assert.equal(content(), "second");
	await succeeds(place, "undo", "--yes", "latest");
	assert.equal(content(), "first");
});
