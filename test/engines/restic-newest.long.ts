// The current restic against the same contract: Debian 12 has a version of 2022, and people install newer ones.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { fulfilsContract } from "./contract.ts";
import { openRestic, restic, setUpEngines } from "./engines.ts";
import { metadataOf, quiet } from "./fixtures.ts";
import { newerRestic, PROJECT } from "./servers.ts";

if (newerRestic.missing !== undefined) test("restic of today", { skip: newerRestic.missing }, () => {});
else {
	const folder = scratch("restic-newest");
	setUpEngines(folder);
	const programs = join(folder, "bin");
	mkdirSync(programs);
	symlinkSync(join(newerRestic.below(PROJECT), "bin/restic"), join(programs, "restic"));
	process.env.PATH = `${programs}:${process.env.PATH}`;
	// Since 0.17 it silently skips files that disappeared.
	fulfilsContract(
		{
			...restic,
			name: "restic of today",
			type: "restic",
			passesOverVanished: true,
			// The long tier runs all of it.
			brief: process.env.HOLDFAST_ROUNDS === undefined,
		},
		folder,
	);

	test("its own words reach the user: a wrong passphrase, a repository that is not there", async () => {
		const below = join(folder, "words");
		mkdirSync(join(below, "source"), { recursive: true });
		const roots = [{ path: join(below, "source"), exclude: [] }];
		await assert.rejects(openRestic(below).list(quiet), /there is no restic repository at/);
		await openRestic(below).create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		const wrong = join(below, "wrong");
		writeFileSync(wrong, "battery staple\n");
		await assert.rejects(
			openRestic(below, { passphraseFile: wrong }).list(quiet),
			/passphrase of .* is wrong/,
		);
	});

	test("a server that is not there is said so in half a minute, and not after the quarter of an hour that it would try", async () => {
		const began = performance.now();
		await assert.rejects(openRestic(folder, { repo: "rest:http://127.0.0.1:9/" }).list(quiet), {
			message: "rest:http://127.0.0.1:9/ cannot be reached",
		});
		assert.ok(performance.now() - began < 60_000);
		const hurried = performance.now();
		await assert.rejects(
			openRestic(folder, { repo: "rest:http://127.0.0.1:9/" }).list({ ...quiet, interactive: true }),
		);
		assert.ok(performance.now() - hurried < 10_000);
	});
}
