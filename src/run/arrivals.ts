// What deploys have left on this machine: an operator's process may be killed, and the connection may break, while files
// arrive. They include passphrases.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { discardFolder } from "../host/private-area.ts";
import { holdersOf } from "../host/processes.ts";

/** Where files of a deploy arrive, below the folder of the journal. */
const ARRIVALS = "deploy";

/**
 * Under the lock, so that no deploy installs from one. A folder into which another operator is sending is in use by the session
 * there (fleet/deliver.ts). `spared`: what the next run installs from.
 */
export async function removeArrivals(state: string, spared: readonly string[]): Promise<void> {
	const found = namesIn(join(state, ARRIVALS))
		.map((name) => join(state, ARRIVALS, name))
		.filter((path) => !spared.includes(path));
	if (found.length === 0) return;
	const used = holdersOf(found).map(({ path }) => path);
	for (const path of found)
		if (!used.some((one) => one === path || one.startsWith(`${path}/`))) await discardFolder(path);
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
