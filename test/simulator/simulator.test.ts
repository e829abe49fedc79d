// The executor through many lives of a machine: crashes at any operation, lost writes, steps and undos that fail, a full
// disk, somebody who stops it, recoveries that are interrupted. HOLDFAST_SEEDS says how many; a seed that fails is named, and
// `HOLDFAST_SEED=N` runs that one alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveOnce } from "./simulate.ts";

const only = process.env.HOLDFAST_SEED;
const seeds = Number(process.env.HOLDFAST_SEEDS) || 10_000;

test(`${seeds} lives of a machine: old or new, and nothing lost or left`, {
	timeout: 7_200_000,
}, async (context) => {
	let [operations, deaths] = [0, 0];
	if (only !== undefined) return void (await liveOnce(Number(only)));
	for (let seed = 1; seed <= seeds; seed++) {
		const life = await liveOnce(seed);
		operations += life.operations;
		deaths += life.deaths;
	}
	context.diagnostic(`${operations} operations, ${deaths} deaths`);
	assert.ok(deaths > seeds / 2, "it dies often enough to show anything");
});
