// A command on machines that are not this one, or on many: connections, reconnection, display, the summary.
import { setTimeout as pause } from "node:timers/promises";
import type * as v from "valibot";
import { answerOf, boundedAnswer } from "../fleet/answers.ts";
import type { Ended } from "../fleet/protocol.ts";
import { isHere } from "../fleet/select.ts";
import { type Address, Connection } from "../fleet/ssh.ts";
import { ask, attach, ConnectionLost, operate, type Question } from "../fleet/there.ts";
import { sideBySide } from "../host/side-by-side.ts";
import type { Manifest } from "../manifest/schema.ts";
import { print, printMessage } from "../report/terminal.ts";
import {
	type FleetReporter,
	type FleetRow,
	fleetJson,
	fleetLines,
	fleetLive,
	fleetTable,
} from "../report/text/fleet.ts";
import { facts } from "../report/text/lines.ts";
import type { Listener } from "../run/event.ts";
import { newRunId } from "../run/run-id.ts";
import { type ErrorReport, errorOf, exitOf, HoldfastError, reportOf } from "../values/error.ts";
import { EXIT, type Exit } from "../values/error-codes.ts";
import type { CommonFlags } from "./flags.ts";
import { drawsLive, reporter } from "./operate.ts";
import { insisted, untilUndoneThere } from "./signals.ts";

export interface Target {
	readonly manifest: Manifest;
	readonly sshConfig: string | undefined;
	/** One that stands already, for commands of several sessions; a session without it connects by itself. */
	readonly connection?: Connection | undefined;
}

/** Seconds before each try to reach a machine again whose connection broke in the middle of a run. */
const COME_BACK = [2, 5, 10, 15, 30];

function addressOf({ manifest, sshConfig }: Target): Address {
	const { machine, host, deploy } = manifest;
	if (host === undefined)
		throw new HoldfastError("usage", `machine "${machine}" has no host: it is this one`);
	return { machine, host, sudo: deploy?.sudo ?? false, config: sshConfig };
}

/** Do some work over one connection, in as many sessions as it takes. */
export async function connected<T>(
	target: Target,
	signal: AbortSignal,
	work: (connection: Connection) => Promise<T>,
): Promise<T> {
	const connection = await Connection.open(addressOf(target), signal);
	try {
		return await work(connection);
	} finally {
		await connection.close();
	}
}

/** Connections that stand from one question to the next, for a command that asks again and again. Close them. */
export class Connections {
	readonly #connections = new Map<string, Connection>();

	/** Ask over the machine's connection, which is made where there is none; one that fails is made again next time. */
	async ask<T>(target: Target, signal: AbortSignal, question: (target: Target) => Promise<T>): Promise<T> {
		const { machine } = target.manifest;
		const connection = this.#connections.get(machine) ?? (await Connection.open(addressOf(target), signal));
		this.#connections.set(machine, connection);
		try {
			return await question({ ...target, connection });
		} catch (error) {
			this.#connections.delete(machine);
			await connection.close();
			throw error;
		}
	}

	async close(): Promise<void> {
		await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
	}
}

const lineTo = (target: Target) => target.connection ?? Connection.forOne(addressOf(target));

/** Have a command print its answer there. */
export function askThere(target: Target, argv: readonly string[], question: Question) {
	return ask(lineTo(target), { argv, manifest: target.manifest }, question);
}

/** Run a command there to its end, through broken connections. */
export async function runThere(
	target: Target,
	argv: readonly string[],
	signal: AbortSignal,
	listener: Listener,
	remark: (line: string) => void,
): Promise<Ended> {
	const run = newRunId();
	let heard = 0;
	const hear: Listener = Object.assign(
		(event: Parameters<Listener>[0]) => {
			heard++;
			listener(event);
		},
		listener.ignoresProgress ? { ignoresProgress: true } : {},
	);
	const hearing = { signal, leave: insisted, listener: hear, remark };
	return untilUndoneThere(async () => {
		try {
			return await operate(lineTo(target), { argv, manifest: target.manifest, run }, hearing);
		} catch (error) {
			if (!(error instanceof ConnectionLost)) throw error;
			remark(error.message);
			// Its events are told from the first on: those that were heard are not said twice.
			let known = heard;
			const onwards: Listener = (event) => (known > 0 ? known-- : listener(event));
			const again = { ...target, connection: undefined };
			return comeBack(again, run, { ...hearing, listener: onwards }, error);
		}
	});
}

/** Hear of a run that is under way there, or how the last one went. */
export function attachThere(
	target: Target,
	run: string | undefined,
	hearing: Parameters<typeof attach>[2],
): Promise<Ended> {
	return attach(lineTo(target), run, hearing);
}

async function comeBack(
	target: Target,
	run: string,
	hearing: Parameters<typeof attach>[2],
	lost: ConnectionLost,
): Promise<Ended> {
	for (const seconds of COME_BACK) {
		await pause(seconds * 1000, undefined, { signal: hearing.signal }).catch(() => {});
		if (hearing.signal.aborted) break;
		try {
			const ended = await attachThere(target, run, hearing);
			hearing.remark("it is there again, and so is its run");
			return ended;
		} catch (error) {
			if (!(error instanceof HoldfastError)) throw error;
		}
	}
	throw lost;
}

export interface Answer<T> {
	readonly machine: string;
	/** Absent when there was none; it was said why. */
	readonly answer?: T;
	readonly error?: ErrorReport;
}

/** Ask all of some machines at once for what a command prints as JSON. Those that give none are said, in the end. */
export async function askAll<T>(
	machines: readonly Manifest[],
	sshConfig: string | undefined,
	flags: CommonFlags & { readonly parallel: number },
	signal: AbortSignal,
	command: {
		argv(manifest: Manifest): readonly string[];
		here(manifest: Manifest): Promise<T>;
		/** What is shown of the answer. */
		readonly schema: v.GenericSchema;
	},
	connections?: Connections,
): Promise<Answer<T>[]> {
	const answers = new Map<string, Answer<T>>();
	await sideBySide(machines, flags.parallel, async (manifest) => {
		const { machine } = manifest;
		const remark = (line: string) => printMessage(`${machine}: ! ${line}`);
		try {
			const question = async (target: Target) => {
				const reader = boundedAnswer();
				const said = await askThere(target, command.argv(manifest), { signal, remark, reader: () => reader });
				return answerOf(addressOf(target), command.schema, reader.text(), said) as T;
			};
			const target = { manifest, sshConfig };
			const there = () => (connections ? connections.ask(target, signal, question) : question(target));
			const answer = isHere(manifest) ? await command.here(manifest) : await there();
			answers.set(machine, { machine, answer });
		} catch (error) {
			const report = signal.aborted
				? { code: "interrupted", message: "interrupted before it had answered" }
				: reportOf(error);
			answers.set(machine, { machine, error: report });
		}
	});
	const inOrder = machines.flatMap(({ machine }) => answers.get(machine) ?? []);
	const [only] = inOrder;
	// Whoever asks again and again waits for it to come back.
	if (only?.error && inOrder.length === 1 && !connections) throw errorOf(only.error);
	for (const { machine, error } of inOrder)
		if (error) printMessage(faultLines(error).map((line) => `${machine}: ${line}`));
	return inOrder;
}

/** A command that works on each of some machines by a run of its own. */
export interface FleetCommand {
	/** Its words for a machine that is reached by SSH. */
	argv(manifest: Manifest): readonly string[];
	/** The same on this machine; the exit code. */
	here(manifest: Manifest, listener: Listener, signal: AbortSignal): Promise<number>;
}

export async function runOnAll(
	machines: readonly Manifest[],
	sshConfig: string | undefined,
	flags: CommonFlags & { readonly parallel: number },
	command: FleetCommand,
	signal: AbortSignal,
): Promise<number> {
	const [only] = machines;
	if (only && machines.length === 1) return runOnOne({ manifest: only, sshConfig }, flags, command, signal);
	const shown = await fleetReporter(flags, machines.length);
	const rows: FleetRow[] = [];
	await sideBySide(machines, flags.parallel, async (manifest) => {
		if (signal.aborted) return;
		rows.push(await rowOf({ manifest, sshConfig }, command, shown, signal));
		shown.done(manifest.machine);
	});
	shown.close();
	rows.sort((a, b) => order(machines, a.machine) - order(machines, b.machine));
	if (!flags.json && !flags.quiet) print(fleetTable(rows));
	return signal.aborted ? EXIT.interrupted : codeOf(rows.map(({ code }) => code));
}

const order = (machines: readonly Manifest[], name: string) =>
	machines.findIndex(({ machine }) => machine === name);

async function rowOf(
	target: Target,
	command: FleetCommand,
	shown: FleetReporter,
	signal: AbortSignal,
): Promise<FleetRow> {
	const { manifest } = target;
	const { machine } = manifest;
	const listener = shown.of(machine);
	let end: FleetRow["end"];
	const hear: Listener = Object.assign(
		(event: Parameters<Listener>[0]) => {
			if (event.type === "run-ended") end = event;
			listener(event);
		},
		listener.ignoresProgress ? { ignoresProgress: true } : {},
	);
	try {
		const { code, error } = isHere(manifest)
			? { code: await command.here(manifest, hear, signal), error: undefined }
			: await runThere(target, command.argv(manifest), signal, hear, (line) =>
					shown.say(machine, `! ${line}`),
				);
		if (error) sayFault(shown, machine, error);
		return { machine, code, ...(end ? { end } : {}), ...(error ? { error } : {}) };
	} catch (caught) {
		const error = reportOf(caught);
		sayFault(shown, machine, error);
		return { machine, code: exitOf(caught), error };
	}
}

function sayFault(shown: FleetReporter, machine: string, error: ErrorReport): void {
	for (const line of faultLines(error)) shown.say(machine, line);
}

const faultLines = (error: ErrorReport) => [`✘ ${error.message}`, ...facts(error)];

async function runOnOne(
	target: Target,
	flags: CommonFlags,
	command: FleetCommand,
	signal: AbortSignal,
): Promise<number> {
	const listener = await reporter(flags);
	if (isHere(target.manifest)) return command.here(target.manifest, listener, signal);
	return endOf(await runThere(target, command.argv(target.manifest), signal, listener, remarkTo(flags)));
}

/** The code of a run that was heard to its end; one that never began is an error here as well. */
export function endOf({ code, error }: Ended): number {
	if (!error) return code;
	const exit = (Object.keys(EXIT) as Exit[]).find((one) => EXIT[one] === code);
	throw errorOf(error, exit === "done" ? "failed" : exit);
}

export const remarkTo =
	({ quiet }: CommonFlags) =>
	(line: string) => {
		if (!quiet) printMessage(`! ${line}`);
	};

async function fleetReporter(flags: CommonFlags, count: number): Promise<FleetReporter> {
	if (flags.json) return fleetJson();
	return drawsLive(flags) ? fleetLive(count) : fleetLines(flags.quiet);
}

/** All well, all failed in the same way, or something between. */
export function codeOf(codes: readonly number[]): number {
	const [first = EXIT.done] = codes;
	if (codes.every((code) => code === first)) return first;
	return EXIT.partial;
}
