// Stop at a named moment, so that a test can see what a crash there leaves behind. Does nothing unless HOLDFAST_FAULT
// is set, to `trace` (print every moment that is passed), or to `kill@STEP#POINT` or `stop@STEP#POINT`: end this
// process there with SIGKILL, or hold it still while the test ends the machine or copies its disk.
import { writeSync } from "node:fs";

const wanted = process.env.HOLDFAST_FAULT;

export function faultPoint(step: string, point: string): void {
	if (wanted === undefined) return;
	const here = `${step}#${point}`;
	if (wanted === "trace") writeSync(2, `fault-point ${here}\n`);
	if (wanted !== `kill@${here}` && wanted !== `stop@${here}`) return;
	writeSync(2, `fault-here ${here}\n`);
	process.kill(process.pid, wanted.startsWith("kill") ? "SIGKILL" : "SIGSTOP");
	// The signal is on its way: nothing more may happen here.
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}
