// Work that only reads or waits, and may not react to an abort signal: for example, while it opens a file on a disk that
// does not answer.
import { HoldfastError } from "../values/error.ts";

/** Longer than a child process may take to end. */
const ABORT_MS = 12_000;

/** Settles with the work. After an abort it waits a while, then rejects as interrupted, whatever becomes of the work. */
export async function stopWaitingOnAbort<T>(
	work: Promise<T>,
	signal: AbortSignal,
	within = ABORT_MS,
): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	let wait = () => {};
	const given = new Promise<never>((_, reject) => {
		wait = () => {
			timer ??= setTimeout(() => reject(new HoldfastError("interrupted", "interrupted")), within);
		};
		signal.addEventListener("abort", wait, { once: true });
		if (signal.aborted) wait();
	});
	try {
		return await Promise.race([work, given]);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", wait);
	}
}
