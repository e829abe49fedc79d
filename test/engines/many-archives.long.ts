// Every engine lists, restores from and removes among many archives with long metadata.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { Metadata } from "../../src/engines/archive.ts";
import { scratch } from "../support/scratch.ts";
import { ENGINES, openLocalbackup, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, plain, quiet } from "./fixtures.ts";

/** A thousand of each take a quarter of an hour; the long tier creates them. */
const MANY = Number(process.env.HOLDFAST_MANY_ARCHIVES) || 24;

const folder = scratch("many");
setUpEngines(folder);

/** About 10 KiB: a machine of forty states, each with a few folders. */
function longMetadata(run: string): Metadata {
	const states = Array.from({ length: 40 }, (_, state) => [
		`state-${state}`,
		{
			outcome: "good" as const,
			folders: [1, 2, 3].map((one) => `/var/lib/${`long-name-${state}-`.repeat(4)}${one}`),
		},
	]);
	return { ...metadataOf(run), states: { ...metadataOf(run).states, ...Object.fromEntries(states) } };
}

for (const engine of ENGINES)
	test(`${engine.name}: ${MANY} archives are listed whole, restored from and removed`, async () => {
		const below = join(folder, engine.name);
		const source = join(below, "source");
		mkdirSync(source, { recursive: true });
		// Otherwise it would keep twenty.
		const destination =
			engine.name === "localbackup"
				? openLocalbackup(below, {}, { snapshots: 2 * MANY })
				: engine.open(below);
		const made: Metadata[] = [];
		for (let index = 0; index < MANY; index++) {
			writeFileSync(join(source, "file"), `content ${index}`);
			const metadata = longMetadata(`run-${String(index).padStart(4, "0")}`);
			made.push(metadata);
			await destination.create(
				{ name: `web01-${metadata.run}`, roots: [{ path: source, exclude: [] }], metadata },
				index === 0,
				quiet,
			);
		}
		const listed = await destination.list(quiet);
		assert.equal(listed.length, MANY);
		for (const [index, { metadata }] of listed.entries())
			assert.ok(isDeepStrictEqual(plain(metadata), made[index]), `what is said of archive ${index}`);
		const middle = made[Math.floor(MANY / 2)];
		assert.ok(middle);
		const into = join(below, "into");
		mkdirSync(into);
		await destination.restore(`web01-${middle.run}`, [source], intoFolder(into), quiet);
		assert.equal(readFileSync(join(into, source, "file"), "utf8"), `content ${Math.floor(MANY / 2)}`);
		const gone = listed.filter((_, index) => index % 2 === 1).map(({ name }) => name);
		await destination.remove(gone, quiet);
		assert.deepEqual(
			(await destination.list(quiet)).map(({ name }) => name),
			listed.filter((_, index) => index % 2 === 0).map(({ name }) => name),
		);
	});
