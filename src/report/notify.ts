// Send the outcome of a run to the machine's `notify` services. What cannot be sent is reported in the run's own log, and does
// not change its outcome.
import type { Manifest } from "../manifest/schema.ts";
import { type Notify, notificationKind } from "../notify/list.ts";
import type { Notification, NotifyEvent } from "../notify/notification.ts";
import type { RunReport } from "../run/event.ts";
import { shownAnswer } from "../values/clip.ts";
import { printable, printableLine } from "../values/printable.ts";
import { errorLines } from "./text/error.ts";
import { duration } from "./text/units.ts";

export interface NotifiedRun {
	readonly event: NotifyEvent;
	readonly operation: string;
	readonly run: string;
	/** The report, once the run has ended. */
	readonly report?: Pick<RunReport, "outcome" | "seconds" | "failures">;
	/** The output of hooks and engines. */
	readonly log?: readonly string[];
}

/** How many lines of the log are included. */
const LOG_LINES = 40;

/** Returns the services that were notified, as text. */
export async function notify(
	{ machine, notify: all = [] }: Pick<Manifest, "machine" | "notify">,
	run: NotifiedRun,
	remark: (line: string) => void,
): Promise<string[]> {
	const notification = notificationOf(machine, run);
	const notified: string[] = [];
	await Promise.all(
		all.map(async (whom) => {
			if (!isWanted(whom, notification)) return;
			const kind = notificationKind(whom);
			try {
				await kind.send(whom, notification);
				notified.push(kind.label(whom));
			} catch (error) {
				remark(`could not notify ${kind.label(whom)}: ${shownAnswer((error as Error).message)}`);
			}
		}),
	);
	return notified;
}

function isWanted(whom: Notify, notification: Notification): boolean {
	const { usualEvents, concerns } = notificationKind(whom);
	return (whom.on ?? usualEvents).includes(notification.event) && (concerns?.(notification) ?? true);
}

/** The text becomes a header, a subject or a line on a screen: nothing in a log may be interpreted there. */
function notificationOf(machine: string, notified: NotifiedRun): Notification {
	const { event, operation, run } = notified;
	return {
		...{ event, machine, operation, run },
		title: printable(titleOf(machine, notified)),
		body: linesOf(notified).map(printableLine).join("\n"),
	};
}

function titleOf(machine: string, { event, operation, report }: NotifiedRun): string {
	if (event === "start") return `holdfast: ${operation} of ${machine} begins`;
	return `holdfast: ${operation} of ${machine}: ${report?.outcome ?? event}`;
}

function linesOf({ run, report, log = [] }: NotifiedRun): string[] {
	if (!report) return [`run ${run}`];
	return [
		`run ${run} took ${duration(report.seconds)}`,
		...report.failures.flatMap(({ scope, error }) => errorLines(error, `${scope.replace(":", " ")}: `)),
		...(report.failures.length > 0 && log.length > 0
			? ["", "The end of its log:", ...log.slice(-LOG_LINES)]
			: []),
	];
}
