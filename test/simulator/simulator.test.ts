// The executor on many simulated machines: crashes at any operation, lost writes, failing steps and undos, a full
// disk, an interrupt, interrupted recoveries. HOLDFAST_SEEDS sets their number; a seed that fails is printed, and
// `HOLDFAST_SEED=N` runs only that one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Life } from "./simulate.ts";

const only = process.env.HOLDFAST_SEED;
const seeds = Number(process.env.HOLDFAST_SEEDS) || 10_000;

test(`${seeds} lives of a machine: old or new, and nothing lost or left`, {
	timeout: 7_200_000,
}, async (context) => {
	const workerData =
		only === undefined ? { first: 1, last: seeds } : { first: Number(only), last: Number(only) };
	// It rejects with the error of a life that failed.
	const [{ operations, deaths }] = (await once(
		new Worker(new URL("lives.ts", import.meta.url), { workerData }),
		"message",
	)) as [Life];
	if (only !== undefined) return;
	context.diagnostic(`${operations} operations, ${deaths} deaths`);
	assert.ok(deaths > seeds / 2, "it dies often enough to show anything");
});
