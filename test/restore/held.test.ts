// A restore that could be neither finished nor rolled back holds its own state, and nothing else: the other services of the
// machine are backed up and restored as before.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Place } from "../support/place.ts";
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
