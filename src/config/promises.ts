// Promises of consistency that no archive of the state could keep.

import type { Fault } from "../manifest/faults.ts";
import type { Manifest } from "../manifest/schema.ts";
import { CONSISTENCIES, isLess, wordFor } from "../values/consistency.ts";

export function promiseFaults({ state: states }: Pick<Manifest, "state">): Fault[] {
	return Object.entries(states).flatMap(([state, { consistency, folders, snapshot, stopOnBackup }]) => {
		const isCaught = folders.length > 0 && snapshot !== undefined && snapshot !== "never";
		const best = isCaught ? "atomic" : wordFor({ folders, still: stopOnBackup.length > 0 });
		if (consistency === undefined || !isLess(best, consistency)) return [];
		return [
			{
				path: ["state", state, "consistency"],
				message: `"${consistency}" cannot be kept, since at best ${CONSISTENCIES[best]} (${best})`,
				hint: HINTS[consistency] ?? HINTS.stopped,
			},
		];
	});
}

const HINTS = {
	atomic: "set snapshot: auto or require",
	spread: "set snapshot: auto or require",
	stopped: "set snapshot: auto or require, or name its units in stopOnBackup",
} as { readonly [word: string]: string; readonly stopped: string };
