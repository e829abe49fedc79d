// Detects a program that is running but no longer does anything.
import { readFileSync } from "node:fs";

/** Bytes that an idle program may read and write: internal wake-ups, and renewing a lock. */
const IDLE_BYTES = 64 * 1024;
/** The share of one processor that an idle program may use. */
const IDLE_SHARE = 0.02;
/** Clock ticks a second, of every Linux that is in use (proc_pid_stat(5)). */
const TICKS = 100;

/** How long a program may do nothing. HOLDFAST_STANDSTILL_SECONDS overrides it, mainly for tests. */
export const standstillSeconds = (usually = 600) =>
	usually === Number.POSITIVE_INFINITY ? usually : Number(process.env.HOLDFAST_STANDSTILL_SECONDS) || usually;

interface Sample {
	readonly at: number;
	/** Bytes read and written, without its output. */
	readonly bytes: number;
	readonly cpuSeconds: number;
}

/**
 * Call `stoodStill` once if, for the given time, a process has read and written almost nothing (proc_pid_io(5)), apart from
 * its output to us, and used almost no processor time. Its children are not observed. Returns a function that ends the watch.
 */
export function watchStandstill(
	pid: number,
	seconds: number,
	outputBytes: () => number,
	stoodStill: () => void,
): () => void {
	if (seconds === Number.POSITIVE_INFINITY) return () => {};
	let known = sample(pid, outputBytes());
	const timer = setInterval(
		() => {
			const now = sample(pid, outputBytes());
			if (!now || !known) {
				known = now;
				return;
			}
			const elapsed = (now.at - known.at) / 1000;
			const works =
				Math.abs(now.bytes - known.bytes) > IDLE_BYTES ||
				now.cpuSeconds - known.cpuSeconds > Math.max(1 / TICKS, IDLE_SHARE * elapsed);
			if (works) known = now;
			else if (elapsed >= seconds) {
				clearInterval(timer);
				stoodStill();
			}
		},
		Math.max(100, (seconds * 1000) / 20),
	).unref();
	return () => clearInterval(timer);
}

function sample(pid: number, outputBytes: number): Sample | undefined {
	try {
		const io = readFileSync(`/proc/${pid}/io`, "utf8");
		const moved = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(io)?.[1] ?? 0);
		// After the name, which may hold spaces, and the state: utime and stime are the 14th and 15th.
		const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?=[^)]*$)/);
		const fields = rest.split(" ");
		return {
			at: performance.now(),
			bytes: moved("rchar") + moved("wchar") - outputBytes,
			cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
		};
	} catch {
		// It has ended, or belongs to another user.
		return undefined;
	}
}
