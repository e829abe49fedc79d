// Query a database and compare the answer, for the kinds that use a query.
import { type Dump, openDatabase } from "../databases/dump.ts";
import { type Attempt, type Fault, faultOf } from "./health-check.ts";

/** A dump of the database says where it is, and as which user to connect. Without an expected answer any answer will do. */
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
