// Tell somebody how a run went: an address that is called, a topic, a mail, a command. What cannot be told is said in
// the run's own log, and changes nothing of it.
import { describeEnd, type ExecResult, exec } from "../host/exec.ts";
import { programPath } from "../host/programs.ts";
import { readSecret } from "../host/secret.ts";
import type { Notify, NotifyEvent } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { RunReport } from "../run/event.ts";
import { printable, printableLine } from "../values/printable.ts";
import { duration } from "./text/units.ts";

export interface News {
	readonly event: NotifyEvent;
	readonly operation: string;
	readonly run: string;
	/** How it went, once it has ended. */
	readonly report?: Pick<RunReport, "outcome" | "seconds" | "failures">;
	/** What hooks and engines said. */
	readonly log?: readonly string[];
}

const TIMEOUT_MS = 15_000;
/** Lines of the log that go along; and of the whole, what healthchecks.io takes. */
const LOG_LINES = 40;
const MOST_BYTES = 10_000;

export async function notify(
	manifest: Pick<Manifest, "machine" | "notify">,
	news: News,
	remark: (line: string) => void,
): Promise<void> {
	await Promise.all(
		(manifest.notify ?? []).map(async (whom) => {
			if (!isWanted(whom, news)) return;
			try {
				await tell(whom, manifest.machine, news);
			} catch (error) {
				remark(`could not tell ${labelOf(whom)}: ${causeOf(error)}`);
			}
		}),
	);
}

function isWanted(whom: Notify, { event, operation }: News): boolean {
	// One check watches one thing: the success of a prune must not hide a backup that never came.
	if ("healthchecks" in whom && event !== "failure" && operation !== "create") return false;
	return (whom.on ?? ("healthchecks" in whom ? ["start", "success", "failure"] : ["failure"])).includes(
		event,
	);
}

async function tell(whom: Notify, machine: string, news: News): Promise<void> {
	// It becomes a header, a subject, a line on somebody's screen: of what runs and logs say, nothing else may come of it.
	const title = printable(titleOf(machine, news));
	const body = linesOf(news).map(printableLine).join("\n");
	if ("healthchecks" in whom) {
		const end = { start: "/start", success: "", failure: "/fail" }[news.event];
		return post(whom.healthchecks.replace(/\/+$/, "") + end, `${title}\n${body}`, {});
	}
	if ("ntfy" in whom) {
		const token = await readSecret({ passphraseFile: whom.tokenFile });
		return post(whom.ntfy, body || title, {
			Title: title,
			Tags: news.event === "failure" ? "warning" : "white_check_mark",
			Priority: news.event === "failure" ? "high" : "default",
			...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
		});
	}
	if ("email" in whom) {
		const mail = [
			`To: ${printable(whom.email)}`,
			`Subject: ${title}`,
			"Content-Type: text/plain; charset=utf-8",
			"",
			body,
		];
		// The path of a user may lack the place that most systems have it in.
		const sendmail = programPath("sendmail") ?? "/usr/sbin/sendmail";
		return ended(await exec([sendmail, "-t", "-i"], { input: `${mail.join("\n")}\n`, timeoutSeconds: 60 }));
	}
	const [command = "", ...words] = whom.command;
	const { cleanEnvironment } = await import("../host/exec.ts");
	return ended(
		await exec([command, ...words], {
			input: `${title}\n${body}\n`,
			timeoutSeconds: 60,
			env: {
				...cleanEnvironment(),
				HOLDFAST_EVENT: news.event,
				HOLDFAST_MACHINE: machine,
				HOLDFAST_OPERATION: news.operation,
				HOLDFAST_RUN: news.run,
			},
		}),
	);
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<void> {
	const answer = await fetch(url, {
		method: "POST",
		body: body.slice(-MOST_BYTES),
		headers,
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
	if (!answer.ok) throw new Error(`it answered ${answer.status} ${answer.statusText}`);
}

function ended(result: ExecResult): void {
	if (result.code !== 0) throw new Error([`it ${describeEnd(result, 60)}`, ...result.stderr].join(": "));
}

function titleOf(machine: string, { event, operation, report }: News): string {
	if (event === "start") return `holdfast: ${operation} of ${machine} begins`;
	return `holdfast: ${operation} of ${machine}: ${report?.outcome ?? event}`;
}

function linesOf({ run, report, log = [] }: News): string[] {
	if (!report) return [`run ${run}`];
	return [
		`run ${run} took ${duration(report.seconds)}`,
		...report.failures.flatMap(({ scope, error: { message, details = [], hint } }) => [
			`${scope.replace(":", " ")}: ${message}`,
			...details.flatMap((text) => text.split("\n")).map((line) => `    ${line}`),
			...(hint ? [`    → ${hint}`] : []),
		]),
		...(report.failures.length > 0 && log.length > 0
			? ["", "The end of its log:", ...log.slice(-LOG_LINES)]
			: []),
	];
}

/** No address: one that is called is as good as a password. */
function labelOf(whom: Notify): string {
	if ("healthchecks" in whom) return `the check at ${new URL(whom.healthchecks).host}`;
	if ("ntfy" in whom) return `the topic at ${new URL(whom.ntfy).host}`;
	return "email" in whom ? whom.email : `${whom.command[0]}`;
}

function causeOf(error: unknown): string {
	const { message, cause } = error as Error;
	return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
