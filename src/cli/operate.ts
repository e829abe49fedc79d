// What commands that change something share: the lock, recovery of interrupted runs, progress, the exit code.
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { places } from "../host/places.ts";
import { isService, journalEntry, keepAwake } from "../host/session.ts";
import { endLeftShown, type LeftMounted } from "../host/shown.ts";
import { hasMovedFrom, workingFolder } from "../host/working-folder.ts";
import type { Reporter } from "../report/reporter.ts";
import { ask, printMessage, withoutBackpressure } from "../report/terminal.ts";
import { removeArrivals } from "../run/arrivals.ts";
import { type Listener, type Outcome, type RunEvent, type RunReport, SURROUNDINGS } from "../run/event.ts";
import { recording } from "../run/event-file.ts";
import { execute } from "../run/executor.ts";
import { heldIn } from "../run/held.ts";
import { Journal } from "../run/journal.ts";
import { type Lock, takeLock } from "../run/lock.ts";
import { isForeign } from "../run/plan-shape.ts";
import { isStuck, recoverAll, requireRecovered, tidyUp } from "../run/recover.ts";
import { givenRunId, newRunId } from "../run/run-id.ts";
import { discard } from "../steps/discard.ts";
import type { Plan } from "../steps/plan.ts";
import { HoldfastError } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { wordsOf } from "../values/system-error.ts";
import { withHowAlone } from "./alone.ts";
import type { Call } from "./command.ts";
import { interruptible, terminalGone, untilUndone } from "./signals.ts";
import { withTakenBack } from "./taken-back.ts";

const LOOK_AGAIN_MS = 1_000;

export const OUTCOME_CODES: Record<Outcome, number> = {
	done: EXIT.done,
	failed: EXIT.failed,
	partial: EXIT.partial,
	interrupted: EXIT.interrupted,
	"needs-recover": EXIT.recover,
};

interface OperateOptions {
	/** Seconds to wait for the lock. */
	readonly wait?: number | undefined;
	readonly listener?: Listener;
	/** Throws if the plan is outdated: another run may have ended since it was made. Called under the lock, after recovery. */
	readonly requireStill?: (journal: Journal) => void;
}

/** Run a plan under the machine's lock. Interrupted runs are finished or rolled back first. */
export async function operate(
	plan: Plan,
	call: Pick<Call, "out" | "isReported"> & { readonly flags?: object },
	signal: AbortSignal,
	{ wait = 0, listener, requireStill }: OperateOptions = {},
): Promise<number> {
	return underLock(
		`holdfast ${plan.operation} ${plan.manifest.machine}`,
		plan.run,
		listener ?? (await call.out.run()),
		async (journal, report) => {
			const recovered = await recoverAll(journal, report);
			requireStill?.(journal);
			const held = heldIn(plan, recovered, journal);
			await tidy(journal, call.out, { next: plan, isStuck: recovered.some(isStuck) });
			const letSleep = await keepAwake(`${plan.operation} of ${plan.manifest.machine}`);
			const noteHangup = () => report(remarkOf(plan.run, "SIGHUP: the terminal is gone; the run continues"));
			terminalGone.addEventListener("abort", noteHangup);
			try {
				const listener = withTakenBack(plan, withHowAlone(plan, call.flags ?? {}, report));
				const work = () => execute(plan, journal, signal, listener, held);
				const here = workingFolder();
				const ended = call.isReported ? await told(plan, journal, report, work) : await work();
				if (here !== undefined && replacesData(plan) && hasMovedFrom(here)) call.out.note(whereToStand(here));
				if (isService()) await journalEntry(...entryOf(plan, ended));
				const leavesOut = plan.steps.some(({ scope }) => held.has(scope));
				return leavesOut && ended.outcome === "failed" ? EXIT.recover : OUTCOME_CODES[ended.outcome];
			} finally {
				terminalGone.removeEventListener("abort", noteHangup);
				letSleep();
			}
		},
		{ seconds: wait, signal },
	);
}

/** Finish or roll back interrupted runs, and nothing else. */
export async function recoverOnly(out: Reporter): Promise<RunReport[]> {
	return underLock("holdfast recover", newRunId(), await out.run(), async (journal, report) => {
		const measured = journal
			.open()
			.flatMap((run) => (isForeign(run) || run.manifest.metricsFile === undefined ? [] : [run.manifest]));
		const reports = await recoverAll(journal, report);
		for (const manifest of measured)
			await (await import("../report/metrics.ts")).writeMetrics(manifest, journal).catch(() => {});
		requireRecovered(reports);
		await tidy(journal, out);
		return reports;
	});
}

/** `next`: the plan that runs next. `isStuck`: old copies may be all that a state has left until its run is finished. */
async function tidy(
	journal: Journal,
	out: Reporter,
	{ next, isStuck = false }: { readonly next?: Plan; readonly isStuck?: boolean } = {},
): Promise<void> {
	for (const left of await endLeftShown()) out.note(wordsOfLeft(left));
	const tidied = isStuck
		? { expired: [], faults: [] }
		: await tidyUp(journal, { spared: next && undoneIn(next) });
	for (const line of tidied.expired) out.note(line);
	const faults = [...tidied.faults];
	const needed = next ? discard.among(next.steps).flatMap(({ areas }) => areas) : [];
	await removeArrivals(places().state, needed).catch((error: Error) =>
		faults.push(`what a deploy left could not be removed: ${wordsOf(error)}`),
	);
	for (const line of faults) out.note(`! ${line}`);
}

function wordsOfLeft({ at, isDisk, isUnmounted }: LeftMounted): string {
	if (!isUnmounted) return `! ${at} was left mounted by a command that has ended, and is in use`;
	return isDisk
		? `unmounted ${at}, left mounted by a command that has ended; its unmount hooks may not have run`
		: `unmounted ${at}: the command that showed an archive there was killed`;
}

const replacesData = ({ operation }: Plan) => operation === "restore" || operation === "undo";

/** `here`: the path at which a shell stands, in a folder that was moved away from it. */
const whereToStand = (here: string) =>
	existsSync(here)
		? `! your shell is still in the old copy of ${here}; to change to what is there now: cd .`
		: `! your shell is still in the old copy of ${here}, and nothing is at that path any more: change to another folder`;

/** The run whose old copies an undo brings back. */
function undoneIn({ steps }: Plan): string | undefined {
	return discard.among(steps).flatMap(({ forgets }) => (forgets ? [forgets.run] : []))[0];
}

async function underLock<T>(
	doing: string,
	run: string,
	report: Listener,
	work: (journal: Journal, report: Listener) => Promise<T>,
	waiting?: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<T> {
	const { state, runtime } = places();
	const lock = waiting ? await lockWithin(runtime, doing, run, waiting) : takeLock(runtime, doing, run);
	const locked = async () => {
		try {
			using journal = Journal.open(state);
			// Started from another machine, its output already is the record.
			return await work(journal, givenRunId() !== undefined ? report : recording(runtime, run, report));
		} finally {
			lock.release();
		}
	};
	return withoutBackpressure(() => untilUndone(locked), interruptible());
}

/** Take the lock, or wait until its holder releases it. */
async function lockWithin(
	runtime: string,
	doing: string,
	run: string,
	{ seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Lock> {
	const until = performance.now() + seconds * 1000;
	for (let first = true; ; first = false) {
		try {
			return takeLock(runtime, doing, run);
		} catch (error) {
			if (!(error instanceof HoldfastError) || error.code !== "locked" || performance.now() >= until)
				throw error;
			if (first) printMessage(`! ${error.message}: waiting for it to end`);
			await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {
				throw new HoldfastError("interrupted", "interrupted while waiting for another run");
			});
		}
	}
}

/** The outcome of a run for systemd's journal. Priorities are syslog's: 3 error, 4 warning, 6 informational. */
function entryOf({ operation, run, manifest }: Plan, { outcome, seconds, failures }: RunReport) {
	const priority = outcome === "done" ? 6 : outcome === "partial" ? 4 : 3;
	const why = failures[0] ? `: ${failures[0].error.message}` : "";
	const fields = {
		HOLDFAST_RUN: run,
		HOLDFAST_OPERATION: operation,
		HOLDFAST_MACHINE: manifest.machine,
		HOLDFAST_OUTCOME: outcome,
		HOLDFAST_SECONDS: seconds.toFixed(1),
	};
	return [`${operation} of ${manifest.machine}: ${outcome}${why}`, priority, fields] as const;
}

const remarkOf = (run: string, line: string): RunEvent => ({
	...{ v: 1, time: new Date().toISOString(), run },
	...{ type: "step-log", step: SURROUNDINGS, line },
});

/** Send notifications to the machine's `notify` services and update its metrics. A failure here does not change the outcome. */
async function told(
	plan: Plan,
	journal: Journal,
	report: Listener,
	work: () => Promise<RunReport>,
): Promise<RunReport> {
	const { manifest, operation, run } = plan;
	const notify = manifest.notify?.length ? (await import("../report/notify.ts")).notify : undefined;
	const remark = (line: string) => report(remarkOf(run, line));
	const metrics =
		manifest.metricsFile === undefined ? undefined : (await import("../report/metrics.ts")).writeMetrics;
	const unwritten = (error: Error) => remark(`the metrics could not be written: ${wordsOf(error)}`);
	await notify?.(manifest, { event: "start", operation, run }, remark);
	await metrics?.(manifest, journal, { begins: { operation } }).catch(unwritten);
	const ended = await work();
	await notify?.(
		manifest,
		{
			event: ended.outcome === "done" ? "success" : "failure",
			operation,
			run,
			report: ended,
			log: journal.lines(run).map(({ line }) => line),
		},
		remark,
	);
	await metrics?.(manifest, journal).catch(unwritten);
	return ended;
}

/** Ask before something is replaced. Without a terminal, `--yes` is required. */
export async function confirm(
	question: string,
	yes: boolean,
	what = "this replaces live data",
	hint = "see the plan with --dry-run, then confirm with --yes",
): Promise<void> {
	if (yes) return;
	if (!process.stdin.isTTY)
		throw new HoldfastError(
			"confirmation-needed",
			`${what}, but there is no terminal to ask for confirmation`,
			{
				hint,
			},
		);
	const answer = await ask(`${question} [y/N] `, interruptible());
	if (answer === undefined) throw new HoldfastError("interrupted", "interrupted; nothing was changed");
	if (!/^y(es)?$/i.test(answer.trim()))
		throw new HoldfastError("not-confirmed", "not confirmed; nothing was changed");
}
