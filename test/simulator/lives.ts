// One worker of the simulator: it lives through all seeds up to a number, or only one. In a thread of its own because
// the test runner watches every promise of its thread, which costs more than the lives themselves.
import { parentPort, workerData } from "node:worker_threads";
import { type Life, liveOnce } from "./simulate.ts";

const { first, last } = workerData as { readonly first: number; readonly last: number };
// Nobody reads the stack of an error that is part of a life; of one that is a fault, the seed gives it again.
if (first !== last) Error.stackTraceLimit = 0;
let [operations, deaths] = [0, 0];
for (let seed = first; seed <= last; seed++) {
	const life = await liveOnce(seed);
	operations += life.operations;
	deaths += life.deaths;
}
parentPort?.postMessage({ operations, deaths } satisfies Life);
