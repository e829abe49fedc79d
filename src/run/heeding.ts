// Work that only reads or waits, and does not always hear that it should stop: in the open of a file on a disk that does
// not answer, for example.
import { HoldfastError } from "../values/error.ts";

/** Longer than a program that it has started may take to end. */
const HEED_MS = 12_000;

/** Settles with the work; or as interrupted, a while after the abort, whatever becomes of it then. */
export async function heeding<T>(work: Promise<T>, signal: AbortSignal, within = HEED_MS): Promise<T> {
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
