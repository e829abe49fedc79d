// Keep memory small while gigabytes stream through. Buffers lie outside V8's heap, which lets 64 MiB of dead ones pile
// up before it looks; a quick collection of the young ones, every few MiB, costs about a millisecond each.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const INTERVAL = 2 * 1024 * 1024;

type Collect = (options: { type: "minor" }) => void;
let collect: Collect | undefined;

/** Tell the result of every piece that has passed, in bytes. */
export function frugal(): (bytes: number) => void {
	let since = 0;
	return (bytes) => {
		since += bytes;
		if (since < INTERVAL) return;
		since = 0;
		collect ??= collector();
		collect({ type: "minor" });
	};
}

function collector(): Collect {
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc");
}
