// The peak memory of a process.
import { readFileSync } from "node:fs";

/**
 * Watch a process; the returned function stops watching and returns MiB. Linux itself records the peak
 * (proc_pid_status(5), VmHWM).
 */
export function watchPeak(pid: number | undefined): () => number {
	let peak = 0;
	const watch = setInterval(() => {
		try {
			const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
			peak = Math.max(peak, Number(kib ?? 0) / 1024);
		} catch {
			// It has ended.
		}
	}, 10).unref();
	return () => {
		clearInterval(watch);
		return peak;
	};
}
