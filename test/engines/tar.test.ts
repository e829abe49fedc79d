// The built-in tar engine against the contract, and its own features.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { factsOf, fillAwkward } from "../support/tree.ts";
import { fulfilsContract } from "./contract.ts";
import { openTar, setUpEngines, tar } from "./engines.ts";
import { metadataOf, quiet } from "./fixtures.ts";

const folder = scratch("tar");

setUpEngines(folder);
fulfilsContract(tar, folder);

test("an archive needs no Holdfast: zstd and tar restore all of it", async () => {
	const source = join(folder, "plain");
	fillAwkward(source);
	mkdirSync(join(folder, "second"));
	writeFileSync(join(folder, "second", "file"), "2");
	const roots = [source, join(folder, "second")].map((path) => ({ path, exclude: [] }));
	await openTar(folder).create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const into = join(folder, "by hand");
	mkdirSync(into);
	execFileSync("sh", [
		"-ec",
		'zstd -qdc "$1" | tar -x -p -C "$2"',
		"sh",
		join(folder, "destination/a/data.tar.zst"),
		into,
	]);
	assert.deepEqual(factsOf(into + source), factsOf(source));
	assert.deepEqual(factsOf(join(into + folder, "second")), factsOf(join(folder, "second")));
});

test("a half-written archive is a hidden folder that list passes over", async () => {
	const below = join(folder, "half");
	mkdirSync(join(below, "source"), { recursive: true });
	const destination = openTar(below);
	const roots = [{ path: join(below, "source"), exclude: [] }];
	await destination.create({ name: "whole", roots, metadata: metadataOf("whole") }, true, quiet);
	await destination.create({ name: "half", roots, metadata: metadataOf("half") }, true, quiet);
	renameSync(join(below, "destination/half"), join(below, "destination/.partial-half"));
	assert.deepEqual(
		(await destination.list(quiet)).map(({ name }) => name),
		["whole"],
	);
	await destination.discardPartial?.("half", quiet);
	assert.deepEqual(readdirSync(join(below, "destination")), ["whole"]);
});

test("a check finds an index that was changed, a hold does not cover it up, and an earlier version's index has no digest", async () => {
	const below = join(folder, "sealed");
	mkdirSync(join(below, "source"), { recursive: true });
	const destination = openTar(below);
	const roots = [{ path: join(below, "source"), exclude: [] }];
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const index = join(below, "destination/a/index.json");
	const hold = { ...metadataOf("a"), hold: { reason: "the audit", since: metadataOf("a").created } };
	await destination.writeMetadata?.("a", hold, quiet);
	assert.deepEqual(await destination.check?.(false, quiet), []);
	const text = readFileSync(index, "utf8");
	for (const [from, to] of [
		["the audit", "the adult"],
		['"created":"2', '"created":"1'],
		[join(below, "source"), join(below, "sourcf")],
	] as const) {
		writeFileSync(index, text.replace(from, to));
		const message = "its index.json was changed since it was written";
		assert.deepEqual(await destination.check?.(false, quiet), [{ archive: "a", message }], from);
		await assert.rejects(async () => destination.writeMetadata?.("a", hold, quiet), /was changed since/);
	}
	const { sha256: _, ...rest } = JSON.parse(text);
	writeFileSync(index, JSON.stringify(rest));
	assert.deepEqual(await destination.check?.(true, quiet), []);
});

test("an index that was cut and what others put there hide no archive", async () => {
	const below = join(folder, "among others");
	mkdirSync(join(below, "source"), { recursive: true });
	const destination = openTar(below);
	const roots = [{ path: join(below, "source"), exclude: [] }];
	for (const name of ["a", "b"])
		await destination.create({ name, roots, metadata: metadataOf(name) }, true, quiet);
	truncateSync(join(below, "destination/a/index.json"), 100);
	for (const [name, text] of Object.entries({ list: "[1]", text: "hello", empty: "" })) {
		mkdirSync(join(below, "destination", name));
		writeFileSync(join(below, "destination", name, "index.json"), text);
	}
	const found = await destination.list(quiet);
	const bad = found.filter(({ damaged }) => damaged !== undefined);
	assert.deepEqual(
		bad.map(({ name, damaged }) => [name, damaged]),
		[["a", "its index.json is not JSON"]],
	);
	assert.deepEqual(
		found.filter(({ metadata }) => metadata !== undefined).map(({ name }) => name),
		["b"],
	);
});

test("a check finds data that were cut or changed at their very end, which is in no root", async () => {
	const below = join(folder, "cut");
	mkdirSync(join(below, "source"), { recursive: true });
	const destination = openTar(below);
	const roots = [{ path: join(below, "source"), exclude: [] }];
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const file = join(below, "destination/a/data.tar.zst");
	const whole = readFileSync(file);
	const changed = Buffer.from(whole);
	changed[whole.length - 12] = 0xff;
	for (const harmed of [whole.subarray(0, -1), whole.subarray(0, -10), changed]) {
		writeFileSync(file, harmed);
		const message = "data.tar.zst is truncated or changed at its end";
		assert.deepEqual(await destination.check?.(false, quiet), [{ archive: "a", message }]);
	}
});
