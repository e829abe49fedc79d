// Retries operations that failed for a temporary reason, such as a lock or the network, with growing pauses.

import { setTimeout as pause } from "node:timers/promises";
import { wordsOf } from "../values/system-error.ts";
import type { Work } from "./destination.ts";

/** Seconds before each retry. */
const PAUSES = [1, 4, 15];

/** `passes`: whether an error may be temporary. Throws the last error. */
export async function retrying<T>(
	work: Work,
	passes: (error: unknown) => Promise<boolean>,
	attempt: () => Promise<T>,
): Promise<T> {
	for (const seconds of work.interactive ? PAUSES.slice(0, 1) : PAUSES) {
		try {
			return await attempt();
		} catch (error) {
			if (work.signal.aborted || !(await passes(error))) throw error;
			work.log(`${wordsOf(error)}; trying again in ${seconds} s`);
			await pause(seconds * 1000, undefined, { signal: work.signal });
		}
	}
	return attempt();
}
