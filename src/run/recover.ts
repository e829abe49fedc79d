// What is due before any other work under the lock: runs that died are brought to their end, and old copies whose time
// is over are deleted.
import { openDatabase } from "../databases/registry.ts";
import { removeTree } from "../host/files.ts";
import { HoldfastError } from "../manifest/error.ts";
import type { Listener } from "./event.ts";
import { type RunReport, recoverRun } from "./executor.ts";
import type { Journal } from "./journal.ts";

/** Safe to repeat. The newest run first; what one of them needs by hand does not stop the others. */
export async function recoverAll(journal: Journal, listener: Listener): Promise<RunReport[]> {
	const reports: RunReport[] = [];
	for (const dead of journal.open()) reports.push(await recoverRun(dead, journal, listener));
	return reports;
}

/** An error that says what is where, when a run still could not be brought to its end. */
export function requireRecovered(reports: readonly RunReport[]): void {
	const stuck = reports.filter(({ outcome }) => outcome === "needs-recover");
	const [first] = stuck;
	if (!first) return;
	throw new HoldfastError("recover", `run ${first.run} could not be brought to its end`, {
		details: stuck.flatMap(({ failures, left = [] }) => [
			...failures.map(({ scope, error }) => `${scope}: ${error.message}`),
			...left,
		]),
		hint: `see its steps with: holdfast runs show ${first.run}; mend the cause, then: holdfast recover`,
	});
}

export async function dropExpired(journal: Journal, now = new Date()): Promise<void> {
	for (const { run, state, until, places, databases } of journal.kept()) {
		if (Date.parse(until) > now.getTime()) continue;
		for (const area of new Set(places.map((place) => place.area))) await removeTree(area);
		for (const { dump, old } of databases) await (await openDatabase(dump)).drop(old);
		journal.forget(run, state);
	}
}
