// The hidden `holdfast __serve`: the remote end of a session. See fleet/protocol.ts.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import {
	type Cancel,
	type Ended,
	type Greeting,
	lineOf,
	PROTOCOL,
	type Request,
	requestSchema,
} from "../fleet/protocol.ts";
import { exec } from "../host/exec.ts";
import { recordReader } from "../host/lines.ts";
import { places } from "../host/places.ts";
import { ownManager } from "../host/systemd.ts";
import { printJson, resultsGone } from "../report/terminal.ts";
import type { RunEvent } from "../run/event.ts";
import { eventFile, linesAsTheyCome, prepareEventFile, RUN_ID, recorded } from "../run/event-file.ts";
import { lockHolder } from "../run/lock.ts";
import { exitOf, HoldfastError, reportOf } from "../values/error.ts";
import { EXIT, exitOfCode } from "../values/error-codes.ts";
import { errorReportSchema } from "../values/error-report.ts";
import { ownValue } from "../values/record.ts";
import { VERSION } from "../values/version.ts";
import { OUTCOME_CODES } from "./operate.ts";

type Operate = Extract<Request, { do: "operate" }>;

/** `program`: the file that Node runs. */
export async function serve(
	runCommand: (args: readonly string[]) => Promise<number>,
	program: string,
): Promise<number> {
	// First: the other side requests a run only after it knows this side's version.
	say({ type: "greeting", protocol: PROTOCOL, version: VERSION, time: new Date().toISOString() });
	const asked = await ordersFrom(process.stdin);
	const request = v.is(requestSchema, asked.first) ? (asked.first as Request) : undefined;
	if (request === undefined) {
		asked.close();
		return EXIT.usage;
	}
	if (request.do === "ask") {
		asked.close();
		return answer(request, runCommand);
	}
	// The listener may disconnect: then this process ends, and the run continues.
	resultsGone.addEventListener("abort", () => process.exit(EXIT.failed));
	try {
		if (request.run !== undefined && !RUN_ID.test(request.run))
			throw new HoldfastError("usage", `"${request.run}" is not a run id`);
		const run = request.run ?? recorded(places().runtime).at(-1);
		const started = request.do === "operate" && !isKnown(request.run) ? start(request, program) : undefined;
		asked.onOrder((order) => void obey(order as Partial<Cancel>, run));
		say(await tell(run, started, printJson));
	} catch (error) {
		say({ type: "ended", code: exitOf(error), error: reportOf(error) });
	}
	asked.close();
	// The last line says how the run ended.
	return EXIT.done;
}

/** The other side's input: a request, possibly with a manifest, followed by orders. */
async function ordersFrom(input: NodeJS.ReadStream) {
	const waiting: unknown[] = [];
	let tell: (order: unknown) => void = (order) => waiting.push(order);
	const first = await new Promise<unknown>((resolve) => {
		let isFirst = true;
		const lines = recordReader(
			(line) => {
				const order = jsonIn(line);
				if (isFirst) resolve(order);
				else tell(order);
				isFirst = false;
			},
			undefined,
			MAX_REQUEST_BYTES,
		);
		input.on("data", (chunk: Buffer) => lines.push(chunk));
		input.on("end", () => {
			lines.end?.();
			resolve(undefined);
		});
	});
	return {
		first,
		onOrder(listener: (order: unknown) => void) {
			tell = listener;
			for (const order of waiting.splice(0)) listener(order);
		},
		close: () => void input.pause(),
	};
}

const MAX_REQUEST_BYTES = 64 * 1024 ** 2;

function say(line: Greeting | Ended): void {
	printJson(line);
}

async function answer(
	{ argv, manifest }: Extract<Request, { do: "ask" }>,
	runCommand: (args: readonly string[]) => Promise<number>,
): Promise<number> {
	if (!manifest) return runCommand(argv);
	const folder = join(places().runtime, "events");
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const file = join(folder, `ask-${process.pid}.json`);
	writeFileSync(file, JSON.stringify(manifest), { mode: 0o600 });
	try {
		return await runCommand([...argv, "--config", file]);
	} finally {
		rmSync(file, { force: true });
	}
}

const unitOf = (run: string) => `holdfast-run-${run}.service`;
const isKnown = (run: string) => existsSync(eventFile(places().runtime, run));

/** Start the run in its own systemd unit, so that it outlives this session. Resolves to its exit code. */
async function start({ run, argv, manifest }: Operate, program: string): Promise<number> {
	const { runtime } = places();
	const out = prepareEventFile(runtime, run);
	writeFileSync(out, "", { mode: 0o600 });
	const config = join(runtime, "events", `${run}.json`);
	if (manifest) writeFileSync(config, JSON.stringify(manifest), { mode: 0o600 });
	const own = Object.entries(process.env).filter(([name]) => /^HOLDFAST_/.test(name));
	const result = await exec([
		"systemd-run",
		...ownManager(),
		"--quiet",
		"--wait",
		"--collect",
		"--service-type=exec",
		`--unit=${unitOf(run)}`,
		`--description=holdfast ${argv.join(" ")}`,
		// The unit handles its own child processes.
		"--property=KillMode=mixed",
		"--property=TimeoutStopSec=1h",
		`--property=StandardOutput=append:${out}`,
		`--property=StandardError=append:${out}.err`,
		...own.map(([name, value]) => `--setenv=${name}=${value}`),
		`--setenv=HOLDFAST_RUN=${run}`,
		"--",
		process.execPath,
		...process.execArgv,
		program,
		...argv,
		"--json",
		...(manifest ? ["--config", config] : []),
	]);
	if (result.stderr.length > 0)
		throw new HoldfastError("unit-failed", "systemd did not start the run", {
			subject: unitOf(run),
			details: result.stderr,
			hint: "remote runs require systemd on the target",
		});
	return result.code ?? 1;
}

/** Pass on a run's events until it is over, then report how it ended. */
export async function tell(
	run: string | undefined,
	started: Promise<number> | undefined,
	pass: (event: RunEvent) => void,
): Promise<Ended> {
	if (run === undefined) return { type: "ended", code: EXIT.done };
	const { runtime } = places();
	let ended: Ended | undefined;
	let unitCode: number | undefined;
	let fault: unknown;
	started?.then(
		(code) => {
			unitCode = code;
		},
		(error: unknown) => {
			fault = error;
		},
	);
	const isOver = async () => {
		if (started) return unitCode !== undefined || fault !== undefined;
		return ended !== undefined || !(lockHolder(runtime) || (await isActive(run)));
	};
	for await (const line of linesAsTheyCome(eventFile(runtime, run), isOver, new AbortController().signal)) {
		const heard = heardIn(line);
		if (!heard) continue;
		if ("error" in heard && !("type" in heard)) {
			ended = { type: "ended", code: EXIT[exitOfCode(heard.error.code)], error: heard.error };
			continue;
		}
		pass(heard);
		if (heard.type === "run-ended" && heard.run === run)
			ended = { type: "ended", code: ownValue(OUTCOME_CODES, heard.outcome) ?? EXIT.failed };
	}
	if (fault !== undefined) throw fault;
	if (ended) return ended;
	// There was nothing to do, as with `recover`.
	if (unitCode === EXIT.done) return { type: "ended", code: EXIT.done };
	return {
		type: "ended",
		code: unitCode || EXIT.failed,
		error: {
			code: "run-died",
			message: `run ${run} ended unexpectedly and reported no result`,
			hint: `see: journalctl -u ${unitOf(run)}; the next run rolls it back or finishes it, or do this now: holdfast recover`,
		},
	};
}

const faultSchema = v.object({ error: errorReportSchema });

/** Parse a line of a run's record; undefined if it is not one: a run that was killed leaves a partial line. */
function heardIn(line: string): RunEvent | v.InferOutput<typeof faultSchema> | undefined {
	const value = jsonIn(line);
	const heard = lineOf(value);
	if (heard && "run" in heard && "v" in heard) return heard;
	const { success, output } = v.safeParse(faultSchema, value, { abortEarly: true });
	return success ? output : undefined;
}

function jsonIn(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

async function isActive(run: string): Promise<boolean> {
	const { stdout } = await exec(["systemctl", ...ownManager(), "is-active", unitOf(run)]);
	return /^(active|activating|deactivating)/.test(stdout[0] ?? "");
}

/** An order to cancel works like Ctrl-C. The end of the session does not end the run. */
async function obey(order: Partial<Cancel> | undefined, run: string | undefined): Promise<void> {
	if (run === undefined || !order?.cancel) return;
	const argv = ["systemctl", ...ownManager(), "kill", "--kill-who=main", "--signal=SIGTERM", unitOf(run)];
	await exec(argv);
}
