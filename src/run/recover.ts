// What is due before any other work under the lock: interrupted runs are finished or rolled back, and leftovers of these or
// older runs are removed.
import { isSilent } from "../engines/destination.ts";
import { discardFolder, isArea } from "../host/private-area.ts";
import type { LaterContext } from "../steps/context.ts";
import { dueOf, STEP_KINDS } from "../steps/list.ts";
import type { Step } from "../steps/plan.ts";
import { dropKept } from "../steps/work/kept-database.ts";
import { counted } from "../values/counted.ts";
import { HoldfastError, inOneLine } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import { VERSION } from "../values/version.ts";
import type { Listener, RunReport } from "./event.ts";
import { recoverRun } from "./executor.ts";
import type { Journal } from "./journal.ts";
import { type ForeignRun, isForeign } from "./plan-shape.ts";

/** Safe to repeat. Starts with the newest run; one that needs manual work does not stop the others. */
export async function recoverAll(journal: Journal, listener: Listener): Promise<RunReport[]> {
	const reports: RunReport[] = [];
	for (const dead of journal.open()) {
		if (isForeign(dead)) {
			// Older runs lie beneath this one: they are not touched until it is resolved.
			reports.push(reportOfForeign(dead));
			break;
		}
		reports.push(await recoverRun(dead, journal, listener));
	}
	return reports;
}

/** This version can neither finish nor undo it, and no other run starts before somebody does. */
function reportOfForeign({ run, program, foreign, operation, machine }: ForeignRun): RunReport {
	const by = program === undefined || program === VERSION ? "" : `, started by Holdfast ${program},`;
	const error = {
		code: "recover-failed",
		message: `the ${operation} of ${machine}${by} cannot be finished or rolled back by this version: ${foreign}`,
		hint: `run 'holdfast recover' of ${program === undefined || program === VERSION ? "the version that started it" : `Holdfast ${program}`}, or of a newer one. If there is none, 'holdfast recover --abandon ${run}' reports what the run left behind and unblocks this machine`,
	};
	return { run, outcome: "needs-recover", seconds: 0, failures: [{ scope: "run", error }], results: {} };
}

export const isStuck = ({ outcome }: RunReport) => outcome === "needs-recover";

export function requireRecovered(reports: readonly RunReport[]): void {
	const stuck = reports.filter(isStuck);
	if (stuck.length > 0) throw unrecovered(stuck);
}

/** Says where things are. `stuck`: at least one. */
export function unrecovered(stuck: readonly RunReport[]): HoldfastError {
	const [first] = stuck;
	if (first === undefined) throw new TypeError("no run");
	return new HoldfastError("recover-failed", `run ${first.run} could be neither finished nor rolled back`, {
		subject: first.run,
		details: stuck.flatMap(({ failures, left = [] }) => [
			...failures.map(({ scope, error }) => `${scope}: ${error.message}`),
			...left,
		]),
		hint:
			first.failures[0]?.scope === "run" && first.failures[0].error.hint
				? first.failures[0].error.hint
				: `see its steps with: holdfast runs show ${first.run}; fix the cause, then: holdfast recover (if that is impossible: holdfast recover --abandon ${first.run})`,
	});
}

interface Tidied {
	/** Old copies that were deleted, because their time was over. */
	readonly expired: readonly string[];
	readonly faults: readonly string[];
}

/**
 * Remove what is no longer needed. Failures are reported and retried the next time; they stop nothing. Returns lines for people.
 * `spared`: a run whose old copies the next run is about, even if they have expired.
 */
export async function tidyUp(
	journal: Journal,
	{ now = new Date(), spared }: { readonly now?: Date; readonly spared?: string | undefined } = {},
): Promise<Tidied> {
	const faults: string[] = [];
	const expired: string[] = [];
	const due: Due[] = [];
	/** By location that did not answer: what is due there. */
	const waiting = new Map<string, Due>();
	for (const { run, step, work } of journal.leftovers()) {
		const kind = work && STEP_KINDS.get(work.kind);
		const context = laterOf(journal, run);
		const at = work && (await locationOf(work, context));
		const before = at === undefined ? undefined : waiting.get(at);
		if (before !== undefined) {
			before.runs.push(run);
			continue;
		}
		try {
			if (work === undefined || kind === undefined) throw notUnderstood();
			await (await kind.work()).later?.(work, context);
			journal.tidied(run, step);
		} catch (error) {
			const reason = inOneLine(error);
			const same = due.find((one) => at !== undefined && one.at === at && one.reason === reason);
			same?.runs.push(run);
			const one = same ?? { runs: [run], at, what: work ? (dueOf(work) ?? step) : step, reason };
			if (same === undefined) due.push(one);
			if (at !== undefined && (isSilent(error) || context.signal.aborted)) waiting.set(at, one);
		}
	}
	faults.push(...due.map(dueLine));
	for (const copy of journal.kept()) {
		const { run, state, until } = copy;
		if (run === spared || Date.parse(until) > now.getTime()) continue;
		try {
			if ("fault" in copy) throw notUnderstood();
			const areas = [...new Set(copy.places.map((place) => place.area))];
			const isThere = copy.databases.length > 0 || areas.some(isArea);
			for (const area of areas) await discardFolder(area);
			for (const one of copy.databases) await dropKept(one);
			journal.forget(run, state);
			if (isThere)
				expired.push(
					`the old copy of ${state}, which run ${run} kept until ${localTime(until)}, has expired and was deleted`,
				);
		} catch (error) {
			faults.push(`the old copy of ${state} of run ${run}, whose time is over: ${inOneLine(error)}`);
		}
	}
	return { expired, faults };
}

/** What runs have left to do, and why it cannot be done now. */
interface Due {
	/** More than one only if they have it to do in the same location. */
	readonly runs: string[];
	readonly at: string | undefined;
	readonly what: string;
	readonly reason: string;
}

function dueLine({ runs: [first = "", ...more], at, what, reason }: Due): string {
	const others = more.length === 0 ? "" : `, and the same in ${at} for ${counted(more.length, "other run")}`;
	return `still to do for run ${first}: ${what}${others}: ${reason.replace(/\.$/, "")}; this is retried before each run. If it can never succeed: holdfast recover --abandon ${[first, ...more].join(",")}`;
}

/** Undefined also if the manifest does not tell: the attempt says why. */
async function locationOf(work: Step, { manifest }: LaterContext): Promise<string | undefined> {
	try {
		return await STEP_KINDS.get(work.kind)?.dueAt?.(work, manifest());
	} catch {
		return undefined;
	}
}

const laterOf = (journal: Journal, run: string): LaterContext => ({
	run,
	manifest() {
		const plan = journal.plan(run);
		if (plan === undefined || isForeign(plan)) throw notUnderstood();
		return plan.manifest;
	},
	forget: (kept, state) => journal.forget(kept, state),
	// Nobody who came for something else should wait long for it.
	signal: AbortSignal.timeout(LATER_MS),
	watched: false,
	progress: () => {},
	log: () => {},
});
const LATER_MS = 15_000;

const notUnderstood = () =>
	new HoldfastError(
		"failed",
		"the journal's entry for it is damaged or was written by another version; nothing was deleted",
	);
