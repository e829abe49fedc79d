// The executor on many simulated machines: crashes at any operation, lost writes, failing steps and undos, a full
// disk, an interrupt, interrupted recoveries. HOLDFAST_SEEDS sets their number; a seed that fails is printed, and
// `HOLDFAST_SEED=N` runs only that one.
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
