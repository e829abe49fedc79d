// A restore that could be neither finished nor rolled back holds its own state, and nothing else: the other services of the
// machine are backed up and restored as before.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { backedUp, succeeds } from "./backed-up.ts";

interface Listed {
	readonly archives: readonly {
		readonly name: string;
		readonly metadata: { readonly states: Readonly<Record<string, { readonly outcome: string }>> };
	}[];
}

test("a stuck restore leaves its state out of the next backups, and stands in the way of nothing else", async () => {
	const { place } = await backedUp(
		(place: Place) => ({
			stuck: { folders: [place.path("own/around/stuck")] },
			around: { folders: [place.path("own/around")] },
			other: { folders: [place.path("own/other")] },
		}),
		(place) => {
			for (const name of ["around/stuck", "around", "other"]) place.write(`own/${name}/file`, "old");
		},
	);
	const content = (name: string) => readFileSync(place.path(`own/${name}/file`), "utf8");
	const [archive = ""] = readdirSync(place.path("archives"));
	const data = place.path("archives", archive, "data.tar.zst");
	const whole = readFileSync(data);
	writeFileSync(data, whole.subarray(0, 40));
	const inPlace = ["restore", "--yes", "--in-place", "--service", "stuck", "tar", archive];
	const { code, stderr } = await place.holdfast(...inPlace);
	assert.equal(code, 5, stderr);

	for (const name of ["around", "other"]) place.write(`own/${name}/file`, "newer");
	const backup = await place.holdfast("create");
	assert.equal(backup.code, 3, backup.stderr);
	assert.match(backup.stderr, /✘ left out: state stuck: run \S+ could be neither finished nor rolled back/);
	const { archives }: Listed = JSON.parse((await place.holdfast("list", "--json")).stdout);
	const outcomes = Object.entries(archives.find(({ name }) => name !== archive)?.metadata.states ?? {});
	assert.deepEqual(Object.fromEntries(outcomes.map(([name, { outcome }]) => [name, outcome])), {
		stuck: "failed",
		around: "good",
		other: "good",
	});

	place.write("own/other/file", "lost");
	await succeeds(place, "restore", "--yes", "--service", "other", "tar", "latest");
	assert.equal(content("other"), "newer");

	for (const service of ["stuck", "around"]) {
		const refused = await place.holdfast("restore", "--yes", "--service", service, "tar", "latest");
		assert.equal(refused.code, 5, refused.stderr);
		assert.match(refused.stderr, /could be neither finished nor rolled back/);
		assert.match(refused.stderr, /fix the cause, then: holdfast recover/);
	}
	assert.equal(content("around"), "newer");

	writeFileSync(data, whole);
	await succeeds(place, "recover");
	assert.equal(content("around/stuck"), "old");
	await succeeds(place, "create");
});

test("what a stuck restore still needs is neither pruned nor cleaned up, and its folder goes into no other state", async () => {
	const place = new Place(scratch("held"));
	const stuck = { folders: [place.path("own/around/stuck")] };
	const around = { folders: [place.path("own/around")] };
	const declare = (state: object, retention = { keepLast: 1 }) =>
		place.declare({
			state,
			providers: { tar: { destinations: { disk: { path: place.path("archives") } }, retention } },
		});
	declare({ stuck, around });
	place.write("own/around/stuck/file", "old");
	await succeeds(place, "create");
	const [needed = ""] = readdirSync(place.path("archives"));
	place.write("own/around/stuck/file", "newer");
	await succeeds(place, "create");
	const of = ["--yes", "--service", "stuck", "tar", needed];
	await succeeds(place, "restore", "--keep-old", "8s", ...of);
	const over = performance.now() + 8_500;
	const copies = () =>
		readdirSync(place.path("own/around"), { recursive: true }).filter((name) =>
			String(name).endsWith("file"),
		);
	const data = place.path("archives", needed, "data.tar.zst");
	const whole = readFileSync(data);
	writeFileSync(data, whole.subarray(0, 40));
	const restore = await place.holdfast("restore", "--in-place", ...of);
	assert.equal(restore.code, 5, restore.stderr);
	assert.equal(copies().length, 1, "only the old copy is left");

	await pause(Math.max(0, over - performance.now()));
	assert.equal((await place.holdfast("create", "--service", "stuck")).code, 5);
	assert.equal((await place.holdfast("create")).code, 3);
	assert.equal(copies().length, 1, "its time is over, and it is kept");
	const shown = await place.holdfast("prune", "--dry-run");
	assert.match(shown.stdout, new RegExp(`keep .*${needed} .*an unfinished run restores from it`));
	await succeeds(place, "prune", "--yes");
	assert.ok(readdirSync(place.path("archives")).includes(needed));

	for (const state of [{ around }, { around, stuck: { folders: [place.path("elsewhere")] } }]) {
		place.write("elsewhere/file", "x");
		declare(state);
		const without = await place.holdfast("create", "--service", "around");
		assert.equal(without.code, 5, without.stderr);
	}
	declare({ stuck, gone: { folders: [place.path("gone")] } });
	assert.equal(
		(await place.holdfast("create", "--service", "gone")).code,
		1,
		"that has nothing to do with it",
	);
	declare({ stuck, around });

	writeFileSync(data, whole);
	await succeeds(place, "recover");
	assert.equal(readFileSync(place.path("own/around/stuck/file"), "utf8"), "old");
	await succeeds(place, "create");
	assert.equal(copies().length, 1, "now the old copy is gone");
	await succeeds(place, "prune", "--yes");
	assert.ok(!readdirSync(place.path("archives")).includes(needed));
});
