// Ask a database, for the kinds that put a query, and compare the answer.
import { type Dump, openDatabase } from "../databases/dump.ts";
import { type Attempt, type Fault, faultOf } from "./health-check.ts";

/** Where the database is, and as whom it is asked, is said by a dump of it. Any answer will do where none is expected. */
export async function askDatabase(
	dump: Dump,
	{ sql, expect }: { readonly sql: string; readonly expect?: string | undefined },
	{ seconds, signal, log }: Attempt,
): Promise<Fault | undefined> {
	try {
		const answer = (await (await openDatabase(dump)).ask?.(sql, seconds, { signal, log })) ?? "";
		if (expect === undefined || answer.trim() === expect.trim()) return undefined;
		return {
			what: `answered ${JSON.stringify(answer.trim())}, not ${JSON.stringify(expect.trim())}`,
			details: [],
		};
	} catch (error) {
		return faultOf(error);
	}
}
