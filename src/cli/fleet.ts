// Running a command on other machines, or on many: what is printed for each, and the combined exit code.
import type * as v from "valibot";
import { answerOf, boundedAnswer } from "../fleet/answers.ts";
import type { Ended } from "../fleet/protocol.ts";
import { isHere } from "../fleet/select.ts";
import { parsedWhileSmall } from "../host/kept-answer.ts";
import { limitGarbage } from "../host/memory.ts";
import { sideBySide } from "../host/side-by-side.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { FleetReporter, FleetRow, Reporter } from "../report/reporter.ts";
import { printMessage } from "../report/terminal.ts";
import { errorLines } from "../report/text/error.ts";
import { whatOf } from "../report/text/fleet.ts";
import type { Listener } from "../run/event.ts";
import { errorOf, exitOf, reportOf } from "../values/error.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import { EXIT, failedExitOf } from "../values/error-codes.ts";
import { namingConfig } from "./alone.ts";
import { addressOf, askThere, type Connections, runThere, type Target } from "./connections.ts";

export interface Answer<T> {
	readonly machine: string;
	/** Reads the answer, if it is a large one again on each call. Absent when the machine gave none; the error was printed. */
	readonly answer?: () => T;
	readonly error?: ErrorReport;
}

/** In the order of the config. The answers can be read until they are disposed of. */
export interface Answers<T> extends Disposable {
	readonly all: readonly Answer<T>[];
}

/** Ask several machines at once for a command's JSON output. Machines that fail to answer are reported at the end. */
export async function askAll<T>(
	machines: readonly Manifest[],
	sshConfig: string | undefined,
	parallel: number,
	signal: AbortSignal,
	command: {
		argv(manifest: Manifest): readonly string[];
		here(manifest: Manifest): Promise<T>;
		/** The schema of the answer. */
		readonly schema: v.GenericSchema;
	},
	connections?: Connections,
): Promise<Answers<T>> {
	const answers = new Map<string, Answer<T>>();
	using kept = new DisposableStack();
	const passed = limitGarbage(true);
	const parse = parsedWhileSmall(MAX_PARSED);
	await sideBySide(machines, parallel, async (manifest) => {
		const { machine } = manifest;
		const remark = (line: string) => printMessage(`${machine}: ! ${line}`);
		try {
			const question = async (target: Target) => {
				const reader = kept.use(boundedAnswer());
				const said = await askThere(target, command.argv(manifest), { signal, remark, reader: () => reader });
				return parse(
					() => reader.text(),
					(text) => {
						passed(text.length * OBJECTS_PER_TEXT);
						return answerOf(addressOf(target), command.schema, text, said) as T;
					},
				);
			};
			const target = { manifest, sshConfig };
			const there = () => (connections ? connections.ask(target, signal, question) : question(target));
			const answer = isHere(manifest) ? await answerHere(command.here(manifest)) : await there();
			// Is it one?
			answer();
			answers.set(machine, { machine, answer });
		} catch (error) {
			const report = signal.aborted
				? { code: "interrupted", message: "interrupted before it answered" }
				: reportOf(error);
			answers.set(machine, { machine, error: report });
		}
	});
	const inOrder = machines.flatMap(({ machine }) => answers.get(machine) ?? []);
	const [only] = inOrder;
	// A caller that asks repeatedly waits for the machine to come back.
	if (only?.error && inOrder.length === 1 && !connections) throw errorOf(only.error);
	for (const { machine, error } of inOrder)
		if (error) printMessage(errorLines(error, "✘ ").map((line) => `${machine}: ${line}`));
	const answersKept = kept.move();
	return { all: inOrder, [Symbol.dispose]: () => answersKept.dispose() };
}

/** How much larger an answer is in memory than as text, roughly. */
const OBJECTS_PER_TEXT = 6;

/** Of the text of all answers together that is kept as objects too; the others are parsed again when they are read again. */
const MAX_PARSED = 1024 * 1024;

async function answerHere<T>(asked: Promise<T>): Promise<() => T> {
	const answer = await asked;
	return () => answer;
}

/** A command that starts a separate run on each of several machines. */
export interface FleetCommand {
	/** The command line for a machine that is reached over SSH. */
	argv(manifest: Manifest): readonly string[];
	/** `--config` as it was typed, for hints. */
	readonly config?: string | undefined;
	/** The same work on this machine; returns the exit code. */
	here(manifest: Manifest, listener: Listener, signal: AbortSignal): Promise<number>;
}

export async function runOnAll(
	machines: readonly Manifest[],
	sshConfig: string | undefined,
	parallel: number,
	out: Reporter,
	command: FleetCommand,
	signal: AbortSignal,
): Promise<number> {
	const [only] = machines;
	if (only && machines.length === 1) return runOnOne({ manifest: only, sshConfig }, out, command, signal);
	const shown = await out.fleet(machines.length);
	const rows: FleetRow[] = [];
	await sideBySide(machines, parallel, async (manifest) => {
		if (signal.aborted) return;
		rows.push(await rowOf({ manifest, sshConfig }, command, shown, signal));
		shown.done(manifest.machine);
	});
	shown.close(rows.sort((a, b) => order(machines, a.machine) - order(machines, b.machine)));
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
	const listener = namingConfig(isHere(manifest) ? undefined : command.config, shown.of(machine));
	let end: FleetRow["end"];
	const hear: Listener = Object.assign(
		(event: Parameters<Listener>[0]) => {
			if (event.type === "run-ended")
				end = { outcome: event.outcome, seconds: event.seconds, what: whatOf(event) };
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
	for (const line of errorLines(error, "✘ ")) shown.say(machine, line);
}

async function runOnOne(
	target: Target,
	out: Reporter,
	command: FleetCommand,
	signal: AbortSignal,
): Promise<number> {
	const listener = await out.run();
	if (isHere(target.manifest)) return command.here(target.manifest, listener, signal);
	const hear = namingConfig(command.config, listener);
	return endOf(await runThere(target, command.argv(target.manifest), signal, hear, remarkTo(out)));
}

/** The exit code of a run that was followed to its end. A run that never started is also an error here. */
export function endOf({ code, error }: Ended): number {
	if (!error) return code;
	throw errorOf(error, failedExitOf(code));
}

export const remarkTo =
	({ note }: Reporter) =>
	(line: string) =>
		note(`! ${line}`);

/** The combined exit code: all succeeded, all failed in the same way, or partial. */
export function codeOf(codes: readonly number[]): number {
	const [first = EXIT.done] = codes;
	if (codes.every((code) => code === first)) return first;
	return EXIT.partial;
}
