// What a restore kept of a database, when it is no longer needed.
import { dirname } from "node:path";
import { isServerDump, openDatabase } from "../../databases/dump.ts";
import { discardFolder } from "../../host/private-area.ts";
import type { KeptDatabase } from "../records.ts";

/** Safe to repeat. The old content of a store has a private folder of its own, in which it lies in `old`. */
export async function dropKept({ dump, old }: KeptDatabase): Promise<void> {
	if (isServerDump(dump)) await (await openDatabase(dump)).drop(old);
	else await discardFolder(dirname(dirname(old)));
}
