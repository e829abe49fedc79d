// Ask whether the service is healthy, again and again until it is or its time is over.
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { type Dump, openDatabase } from "../../databases/dump.ts";
import { databaseNamed } from "../../databases/question.ts";
import { cleanEnvironment, describeEnd, exec } from "../../host/exec.ts";
import { account } from "../../host/users.ts";
import { type HealthCheck, healthCheckLabel } from "../../manifest/health-checks.ts";
import { HoldfastError, reportOf } from "../../values/error.ts";
import type { StepContext, StepWork } from "../context.ts";
import type { CheckStep } from "../step.ts";
import { whyNotUp } from "./unit-notes.ts";

const BETWEEN_MS = 250;
/** One attempt may take this long, whatever time is left. */
const LEAST_SECONDS = 5;
/** Bytes of a page that are looked at. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

export const check: StepWork<CheckStep> = {
	async run({ check, state, scope }, { plan, noteOf, signal, log }) {
		const down = asksService(check) ? whyNotUp(plan, scope, noteOf) : undefined;
		if (down !== undefined) return { skipped: down };
		const until = performance.now() + check.within * 1000;
		for (;;) {
			const left = (until - performance.now()) / 1000;
			const dumps = plan.manifest.state[state]?.dumps ?? [];
			const fault = await ask(check, dumps, Math.max(left, LEAST_SECONDS), { signal, log });
			signal.throwIfAborted();
			if (fault === undefined) return undefined;
			if (performance.now() >= until)
				throw new HoldfastError(
					"health-check-failed",
					`${state} is not healthy: ${healthCheckLabel(check)}: ${fault.what}`,
					{
						details: fault.details,
						hint: `it was asked for ${check.within} seconds`,
					},
				);
			log(`${healthCheckLabel(check)}: ${fault.what}; asking again`);
			await pause(BETWEEN_MS, undefined, { signal });
		}
	},
};

/** Rather than a file or a database's server, which answer though the service is down. */
function asksService(check: HealthCheck): boolean {
	return !("sql" in check);
}

interface Fault {
	readonly what: string;
	readonly details: readonly string[];
}

async function ask(
	check: HealthCheck,
	dumps: readonly Dump[],
	seconds: number,
	work: Pick<StepContext, "signal" | "log">,
): Promise<Fault | undefined> {
	const { signal } = work;
	if ("http" in check) return askHttp(check, seconds, signal);
	if ("sql" in check) return askDatabase(check, dumps, seconds, work);
	const argv = "script" in check ? ["bash", "-euo", "pipefail", "-c", check.script] : check.command;
	return askProgram(argv, check.user, seconds, signal);
}

async function askHttp(
	{ http, status, contains }: Extract<HealthCheck, { http: string }>,
	seconds: number,
	signal: AbortSignal,
): Promise<Fault | undefined> {
	const asked = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(seconds * 1000))]);
	try {
		const answer = await answerOf(http, asked);
		const text = await beginningOf(answer);
		const code = answer.statusCode ?? 0;
		if (status === undefined ? code < 200 || code > 299 : code !== status)
			return { what: `answered with status ${code}`, details: text.split("\n").slice(0, 5) };
		if (contains !== undefined && !text.includes(contains))
			return {
				what: `the answer does not hold ${JSON.stringify(contains)}`,
				details: text.split("\n").slice(0, 5),
			};
		return undefined;
	} catch (error) {
		const { message, errors } = error as AggregateError;
		// A name with several addresses, none of which answered, has an error for each and no words of its own.
		return { what: message || errors?.map((one) => (one as Error).message).join("; "), details: [] };
	}
}

/** By Node's own client: `fetch` refuses ports that browsers keep for other services, and a service may be on any. */
function answerOf(address: string, signal: AbortSignal): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const ask = address.startsWith("https:") ? httpsGet : httpGet;
		ask(address, { signal, agent: false }, resolve).on("error", reject);
	});
}

/** An answer may have no end. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of answer) {
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > LONGEST_ANSWER) break;
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** A server's database is where the state's dump of it says, and asked as it says; a file is a dump by itself. */
async function askDatabase(
	check: Extract<HealthCheck, { sql: string }>,
	dumps: readonly Dump[],
	seconds: number,
	work: Pick<StepContext, "signal" | "log">,
): Promise<Fault | undefined> {
	const { sql, expect, within: _, ...where } = check;
	try {
		const dump =
			"database" in where
				? {
						...databaseNamed(where.database, dumps),
						...(where.user === undefined ? {} : { user: where.user }),
					}
				: where;
		const answer = await (await openDatabase(dump)).ask?.(sql, seconds, work);
		return expect === undefined ? undefined : answered(answer ?? "", expect);
	} catch (error) {
		// The server may be on its way.
		const { message, details = [] } = reportOf(error);
		return { what: message, details };
	}
}

async function askProgram(
	argv: readonly string[],
	user: string | undefined,
	seconds: number,
	signal: AbortSignal,
): Promise<Fault | undefined> {
	const result = await exec(argv, {
		env: cleanEnvironment(user === undefined ? undefined : await account(user)),
		...(user === undefined ? {} : { user }),
		timeoutSeconds: seconds,
		signal,
	});
	if (result.code === 0 && !result.timedOut) return undefined;
	return { what: describeEnd(result, seconds), details: [...result.stdout, ...result.stderr] };
}

function answered(answer: string, expect: string): Fault | undefined {
	if (answer.trim() === expect.trim()) return undefined;
	return {
		what: `answered ${JSON.stringify(answer.trim())}, not ${JSON.stringify(expect.trim())}`,
		details: [],
	};
}
