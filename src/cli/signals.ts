// SIGINT and SIGTERM ask a command to stop; how it stops is the executor's business.

import type { Work } from "../providers/provider.ts";

/** Aborted by the first SIGINT or SIGTERM; later ones change nothing, so that an undo runs to its end. */
export function interruptible(): AbortSignal {
	const controller = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const) {
		process.on(name, () => {
			if (!controller.signal.aborted)
				process.stderr.write(`\n${name}: stopping, and undoing what was begun …\n`);
			controller.abort();
		});
	}
	return controller.signal;
}

/** Work whose answer somebody waits for, and whose progress and log nobody looks at. */
export function unwatched(signal: AbortSignal): Work {
	return { signal, watched: false, hurried: true, progress: () => {}, log: () => {} };
}
