// What is due before any other work under the lock: runs that died are brought to their end, and what they or older
// runs have left is taken away.
import { openDatabase } from "../databases/registry.ts";
import { discardFolder } from "../host/private-area.ts";
import { HoldfastError, reportOf } from "../manifest/error.ts";
import type { Listener, RunReport } from "./event.ts";
import { recoverRun } from "./executor.ts";
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

/** Take away what is no longer needed. What cannot be now is told, and tried again the next time; it stops nothing. */
export async function tidyUp(journal: Journal, now = new Date()): Promise<string[]> {
	const faults: string[] = [];
	const attempt = async (what: string, work: () => Promise<void>) =>
		work().catch((error: unknown) => {
			const { message, details = [] } = reportOf(error);
			faults.push(`${what}: ${[message, ...details].join(": ")}`);
		});
	for (const { run, step } of journal.leftovers())
		await attempt(`still to do of run ${run}, ${step.title}`, async () => {
			if (step.kind === "database-drop") await (await openDatabase(step.dump)).drop(step.name);
			else for (const area of step.areas) await discardFolder(area);
			if (step.kind === "discard" && step.forgets) journal.forget(step.forgets.run, step.forgets.state);
			journal.tidied(run, step.id);
		});
	for (const { run, state, until, places, databases } of journal.kept()) {
		if (Date.parse(until) > now.getTime()) continue;
		await attempt(`the old copy of ${state} of run ${run}, whose time is over`, async () => {
			for (const area of new Set(places.map((place) => place.area))) await discardFolder(area);
			for (const { dump, old } of databases) await (await openDatabase(dump)).drop(old);
			journal.forget(run, state);
		});
	}
	return faults;
}
