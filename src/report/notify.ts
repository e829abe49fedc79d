// Send the outcome of a run to the machine's `notify` services. What cannot be sent is reported in the run's own log, and does
// not change its outcome.
import { places } from "../host/places.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type Notify, notificationKind } from "../notify/list.ts";
import type { Notification, ToldEvent } from "../notify/notification.ts";
import type { RunReport } from "../run/event.ts";
import { keepUnsent, type Unsent, unsentLine, unsentOf } from "../run/unsent.ts";
import { shownAnswer } from "../values/clip.ts";
import { printable, printableLine } from "../values/printable.ts";
import { wordsOf } from "../values/system-error.ts";
import { errorLines } from "./text/error.ts";
import { duration } from "./text/units.ts";

export interface NotifiedRun {
	readonly event: ToldEvent;
	readonly operation: string;
	readonly run: string;
	/** The report, once the run has ended. */
	readonly report?: Pick<RunReport, "outcome" | "seconds" | "failures">;
	/** The output of hooks and engines. */
	readonly log?: readonly string[];
}

/** How many lines of the log are included. */
const LOG_LINES = 40;

/**
 * Returns the services that were notified, as text. A failure of which nobody could be notified is kept in `folder`, that of
 * the journal: `status` and every notification report it until one has reached somebody.
 */
export async function notify(
	{ machine, notify: all = [] }: Pick<Manifest, "machine" | "notify">,
	run: NotifiedRun,
	remark: (line: string) => void,
	folder: string = places().state,
): Promise<string[]> {
	const earlier = run.event === "start" ? [] : unsentOf(folder, machine);
	const notification = notificationOf(machine, run, earlier);
	const notified: string[] = [];
	let isRead = false;
	const reasons: string[] = [];
	await Promise.all(
		all.map(async (whom) => {
			if (!isWanted(whom, notification)) return;
			const kind = notificationKind(whom);
			try {
				await kind.send(whom, notification);
				notified.push(kind.label(whom));
				isRead ||= kind.isRead?.(notification) ?? true;
			} catch (error) {
				reasons.push(`could not notify ${kind.label(whom)}: ${shownAnswer((error as Error).message)}`);
			}
		}),
	);
	for (const reason of reasons) remark(reason);
	try {
		if (run.event !== "start" && isRead) keepUnsent(folder, machine, []);
		else if (run.event === "failure" && reasons.length > 0) {
			const { title } = notification;
			const one = { machine, time: new Date().toISOString(), title, run: run.run, reasons };
			keepUnsent(folder, machine, [...earlier, one]);
		}
	} catch (error) {
		remark(`could not record that nobody was notified: ${wordsOf(error)}`);
	}
	return notified;
}

function isWanted(whom: Notify, notification: Notification): boolean {
	const { event } = notification;
	if (event === "trial") return true;
	const { usualEvents, concerns } = notificationKind(whom);
	return (whom.on ?? usualEvents).includes(event) && (concerns?.(notification) ?? true);
}

/** The text becomes a header, a subject or a line on a screen: nothing in a log may be interpreted there. */
function notificationOf(machine: string, notified: NotifiedRun, earlier: readonly Unsent[]): Notification {
	const { event, operation, run, report, log = [] } = notified;
	const isLogged = report !== undefined && report.failures.length > 0;
	return {
		...{ event, machine, operation, run },
		title: printable(titleOf(machine, notified)),
		body: linesOf(notified, earlier).map(printableLine).join("\n"),
		log: isLogged ? log.slice(-LOG_LINES).map(printableLine) : [],
	};
}

function titleOf(machine: string, { event, operation, report }: NotifiedRun): string {
	if (event === "trial") return `holdfast: trial of the notifications of ${machine}`;
	if (event === "start") return `holdfast: ${operation} of ${machine} started`;
	return `holdfast: ${operation} of ${machine}: ${report?.outcome ?? event}`;
}

function linesOf({ event, run, report }: NotifiedRun, earlier: readonly Unsent[]): string[] {
	const before = earlier.length > 0 ? ["", "Earlier:", ...earlier.map(unsentLine)] : [];
	if (event === "trial") return ["This is a trial: nothing failed.", ...before];
	if (!report) return [`run ${run}`];
	return [
		`run ${run} took ${duration(report.seconds)}`,
		...report.failures.flatMap(({ scope, error }) => errorLines(error, `${scope.replace(":", " ")}: `)),
		...before,
	];
}
