// Keep memory small while gigabytes stream through. Buffers lie outside V8's heap, which lets 64 MiB of dead ones pile
// up before it looks; a quick collection of the young ones, every few MiB, costs about a millisecond each.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const INTERVAL = 2 * 1024 * 1024;
const THOROUGH_INTERVAL = 6 * 1024 * 1024;

type Collect = (options: { type: "minor" | "major" }) => void;
let collect: Collect | undefined;

/**
 * Tell the result of every piece that has passed, in bytes. `thoroughly`: of a listing, of which little is kept and much is
 * made, so that pieces live to be old and die then.
 */
export function frugal(thoroughly = false): (bytes: number) => void {
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
