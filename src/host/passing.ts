// What passes through us in megabytes and is not kept. Each piece that Node reads lies outside of V8's heap, which therefore
// sees no reason to collect it: a program that floods its output would fill our memory with what was read long ago.
import type { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const PIECE = 2 * 1024 * 1024;

let passed = 0;
let collect: ((options: { type: "minor" }) => void) | undefined;

/** Have what comes out of a stream collected every few megabytes, for as long as it flows. */
export function collectBehind(stream: Readable): void {
	stream.on("data", (chunk: Buffer) => {
		passed += chunk.length;
		if (passed < PIECE) return;
		passed = 0;
		collect ??= collector();
		collect({ type: "minor" });
	});
}

function collector(): (options: { type: "minor" }) => void {
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc");
}
