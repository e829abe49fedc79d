// Ask whether the service is healthy, again and again until it is or its time is over.
import { setTimeout as pause } from "node:timers/promises";
import { cleanEnvironment, describeEnd, type ExecOptions, exec, execText } from "../../host/exec.ts";
import { account } from "../../host/users.ts";
import { type Check, checkLabel } from "../../manifest/checks.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { CheckStep } from "../step.ts";
import type { StepWork } from "../work.ts";

const BETWEEN_MS = 250;
/** One attempt may take this long, whatever time is left. */
const LEAST_SECONDS = 5;

export const check: StepWork<CheckStep> = {
	async run({ check, state }, { signal, log }) {
		const until = performance.now() + check.within * 1000;
		for (;;) {
			const left = (until - performance.now()) / 1000;
			const fault = await ask(check, Math.max(left, LEAST_SECONDS), signal);
			signal.throwIfAborted();
			if (fault === undefined) return;
			if (performance.now() >= until)
				throw new HoldfastError("failed", `${state} is not healthy: ${checkLabel(check)}: ${fault.what}`, {
					details: fault.details,
					hint: `it was asked for ${check.within} seconds`,
				});
			log(`${checkLabel(check)}: ${fault.what}; asking again`);
			await pause(BETWEEN_MS, undefined, { signal });
		}
	},
};

interface Fault {
	readonly what: string;
	readonly details: readonly string[];
}

async function ask(check: Check, seconds: number, signal: AbortSignal): Promise<Fault | undefined> {
	if ("http" in check) return askHttp(check, seconds, signal);
	if ("sqlite" in check) return askSqlite(check);
	if ("sql" in check) {
		const { sql, database, user = "postgres", expect } = check;
		const argv = ["psql", "-XAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql];
		return askProgram(argv, user, seconds, signal, expect);
	}
	const argv = "script" in check ? ["bash", "-euo", "pipefail", "-c", check.script] : check.command;
	return askProgram(argv, check.user, seconds, signal);
}

async function askHttp(
	{ http, status, contains }: Extract<Check, { http: string }>,
	seconds: number,
	signal: AbortSignal,
): Promise<Fault | undefined> {
	try {
		const answer = await fetch(http, {
			signal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(seconds * 1000))]),
			redirect: "manual",
		});
		const text = await answer.text();
		if (status === undefined ? !answer.ok : answer.status !== status)
			return { what: `answered with status ${answer.status}`, details: text.split("\n").slice(0, 5) };
		if (contains !== undefined && !text.includes(contains))
			return {
				what: `the answer does not hold ${JSON.stringify(contains)}`,
				details: text.split("\n").slice(0, 5),
			};
		return undefined;
	} catch (error) {
		const { message, cause } = error as Error;
		return { what: cause instanceof Error ? cause.message || message : message, details: [] };
	}
}

async function askProgram(
	argv: readonly string[],
	user: string | undefined,
	seconds: number,
	signal: AbortSignal,
	expect?: string,
): Promise<Fault | undefined> {
	const options: ExecOptions = {
		env: cleanEnvironment(user === undefined ? undefined : await account(user)),
		...(user === undefined ? {} : { user }),
		timeoutSeconds: seconds,
		signal,
	};
	if (expect === undefined) {
		const result = await exec(argv, options);
		if (result.code === 0 && !result.timedOut) return undefined;
		return { what: describeEnd(result, seconds), details: [...result.stdout, ...result.stderr] };
	}
	const result = await execText(argv, options);
	if (result.code !== 0) return { what: describeEnd(result, seconds), details: result.stderr };
	return answered(result.text, expect);
}

async function askSqlite({
	sql,
	sqlite,
	expect,
}: Extract<Check, { sqlite: string }>): Promise<Fault | undefined> {
	const { DatabaseSync } = await import("node:sqlite");
	try {
		const db = new DatabaseSync(sqlite, { readOnly: true, timeout: 5_000 });
		const rows = db.prepare(sql).all();
		db.close();
		if (expect === undefined) return undefined;
		return answered(rows.map((row) => Object.values(row).join("|")).join("\n"), expect);
	} catch (error) {
		return { what: (error as Error).message, details: [] };
	}
}

function answered(answer: string, expect: string): Fault | undefined {
	if (answer.trim() === expect.trim()) return undefined;
	return {
		what: `answered ${JSON.stringify(answer.trim())}, not ${JSON.stringify(expect.trim())}`,
		details: [],
	};
}
