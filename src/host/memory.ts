// Keeps memory use low while gigabytes are streamed. Buffers are outside of V8's heap, and V8 lets 64 MiB of dead buffers
// accumulate before it collects. A minor collection every few MiB costs about a millisecond each.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const INTERVAL = 2 * 1024 * 1024;
const THOROUGH_INTERVAL = 6 * 1024 * 1024;

type Collect = (options: { type: "minor" | "major" }) => void;
let collect: Collect | undefined;

/**
 * Returns a function to call with the size in bytes of every chunk that has passed. `thoroughly` is for listings, which
 * create many objects and keep few, so that chunks become old before they die.
 */
export function limitGarbage(thoroughly = false): (bytes: number) => void {
	let since = 0;
	let sinceAll = 0;
	return (bytes) => {
		since += bytes;
		if (since < INTERVAL) return;
		sinceAll += since;
		since = 0;
		const all = thoroughly && sinceAll >= THOROUGH_INTERVAL;
		if (all) sinceAll = 0;
		collect ??= collector();
		collect({ type: all ? "major" : "minor" });
	};
}

function collector(): Collect {
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc");
}
