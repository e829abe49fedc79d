// Stop at a named point, so that a test can see what a crash there leaves behind. Does nothing unless HOLDFAST_FAULT
// is set, to `trace` (print every point that is passed), or to `kill@STEP#POINT`, `stop@STEP#POINT`,
// `interrupt@STEP#POINT`, `hangup@STEP#POINT` or `run@STEP#POINT`: kill this process there with SIGKILL, suspend it while
// the test ends the machine or copies its disk, send it a SIGINT or a SIGHUP, or run HOLDFAST_FAULT_COMMAND and continue,
// for example on a disk that is now full.
import { writeSync } from "node:fs";
import type { StepContext } from "./context.ts";

const wanted = process.env.HOLDFAST_FAULT;

export function faultPoint(step: string, point: string): void {
	if (wanted === undefined) return;
	const here = `${step}#${point}`;
	if (wanted === "trace") writeSync(2, `fault-point ${here}\n`);
	if (wanted === `interrupt@${here}`) process.emit("SIGINT");
	if (wanted === `hangup@${here}`) process.emit("SIGHUP");
	if (wanted === `run@${here}`) {
		writeSync(2, `fault-here ${here}\n`);
		const { spawnSync } = process.getBuiltinModule("node:child_process");
		spawnSync("sh", ["-c", process.env.HOLDFAST_FAULT_COMMAND ?? ""], { stdio: "ignore" });
	}
	if (wanted !== `kill@${here}` && wanted !== `stop@${here}`) return;
	writeSync(2, `fault-here ${here}\n`);
	process.kill(process.pid, wanted.startsWith("kill") ? "SIGKILL" : "SIGSTOP");
	// The signal is on its way: nothing more may happen in this process.
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

/** A context in which an engine can be stopped in the middle of its work: at its first progress report. */
export function withPoint<T extends Pick<StepContext, "point" | "progress">>(context: T): T {
	if (wanted === undefined) return context;
	let passed = false;
	return {
		...context,
		watched: true,
		progress(progress) {
			if (!passed) context.point("under-way");
			passed = true;
			context.progress(progress);
		},
	};
}
