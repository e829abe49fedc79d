// The one door to the terminal: nothing else writes to standard output or standard error (scripts/one-door.grit). What
// comes through as text is lines, and each stays one line, whatever it holds: no control character of a name, a log or an
// archive reaches the terminal. Colours and cursor movements are added here, outside of the text.

import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { frugal } from "../host/memory.ts";
import { isErrno } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { jsonText, printableLine, shortLine } from "../values/printable.ts";
import { wordsOf } from "../values/system-error.ts";
import { Outlet } from "./outlet.ts";

/** One line, or several. */
export type Lines = string | readonly string[];

const gone = { results: new AbortController(), messages: new AbortController() };

/** Aborted once nobody can read standard output any more. What is printed after that is lost, and nothing else is. */
export const resultsGone: AbortSignal = gone.results.signal;

/** Results for people, on standard output. */
export function print(lines: Lines): void {
	writeResults(textOf(lines));
}

/** What people should know beside the results, on standard error. */
export function printMessage(lines: Lines): void {
	writeMessages(textOf(typeof lines === "string" ? shortLine(lines) : lines.map(shortLine)));
}

/** Results for programs, on standard output: one document, or one line of many. */
export function printJson(value: unknown, indent?: number): void {
	writeResults(`${jsonText(value, indent)}\n`);
}

/** Lines or items that are written at once, where there are more of them than memory has room for. */
const BATCH = 500;
const BATCH_LENGTH = 256 * 1024;

/** As many lines as there are; what was written is let go before more is read. */
export async function printMany(lines: Iterable<string>): Promise<void> {
	const passed = frugal(true);
	for (const batch of batches(lines)) {
		print(batch);
		passed(batch.reduce((bytes, line) => bytes + line.length, 0));
		await setImmediate();
	}
}

/** One document with a list that is too long for memory: the fields of `value`, and then the list under its name. */
export async function printLongJson(
	value: Readonly<Record<string, unknown>>,
	list: string,
	items: Iterable<unknown>,
): Promise<void> {
	const fields = Object.entries(value).map(([key, one]) => `  ${jsonText(key)}: ${jsonText(one)},\n`);
	writeResults(`{\n${fields.join("")}  ${jsonText(list)}: [`);
	let text = "\n";
	let count = 0;
	for (const item of items) {
		text += `    ${jsonText(item)}`;
		if (++count % BATCH === 0 || text.length > BATCH_LENGTH) {
			writeResults(text);
			text = "";
			await setImmediate();
		}
		text += ",\n";
	}
	writeResults(`${text.replace(/,\n$/, "\n")}  ]\n}\n`);
}

function* batches<T>(items: Iterable<T>): Generator<T[]> {
	let batch: T[] = [];
	for (const item of items) {
		batch.push(item);
		if (batch.length < BATCH) continue;
		yield batch;
		batch = [];
	}
	if (batch.length > 0) yield batch;
}

/** A text of several lines, as `print` takes it. */
export function linesIn(text: string): string[] {
	return text.replace(/\n$/, "").split("\n");
}

/** Whether a person looks at the results, or at the messages. */
export const resultsAreSeen = (): boolean => process.stdout.isTTY;
export const messagesAreSeen = (): boolean => process.stderr.isTTY;

/** Begin at the top of an empty screen, where there is one. */
export function clearScreen(): void {
	if (process.stdout.isTTY) writeResults("\x1b[H\x1b[2J");
}

/** Rows at the bottom of the screen that are drawn again and again, below lines that stay. */
export interface LiveArea {
	draw(rows: readonly string[]): void;
	/** Lines that stay, above it; it is drawn by the next `draw`. */
	print(lines: readonly string[]): void;
	/** How many rows the screen has. */
	height(): number;
	close(): void;
}

export async function liveArea(): Promise<LiveArea> {
	const { createLogUpdate } = await import("log-update");
	const screen = process.stderr;
	const messages = outlet("messages");
	const area = createLogUpdate(
		{
			isTTY: screen.isTTY,
			get columns() {
				return screen.columns;
			},
			get rows() {
				return screen.rows;
			},
			write: writeMessages,
		} as unknown as NodeJS.WriteStream,
		{ showCursor: true },
	);
	const row = (text: string) => clipped(printableLine(text).replaceAll("\t", " "), screen.columns || 80);
	return {
		draw(rows) {
			if (!messages.isBehind) area(rows.map(row).join("\n"));
		},
		print(lines) {
			area.clear();
			printMessage(lines);
		},
		height: () => screen.rows || 24,
		close() {
			area.clear();
			area.done();
		},
	};
}

/** A question on the terminal; undefined when it was interrupted. What is typed is shown by the terminal itself. */
export function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
	writeMessages(printableLine(question));
	const input = createInterface({ input: process.stdin, terminal: false });
	return new Promise((resolve) => {
		const settle = (answer: string | undefined) => {
			signal.removeEventListener("abort", interrupted);
			input.removeAllListeners("close").close();
			resolve(answer);
		};
		const interrupted = () => settle(undefined);
		signal.addEventListener("abort", interrupted, { once: true });
		input.once("line", settle).once("close", () => settle(""));
		if (signal.aborted) interrupted();
	});
}

/** Bold, dim, italic, underlined, and their ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is let through
const OWN_STYLES = /(\x1b\[;*(?:[1-4]|2[234])m)/;

/** The argument parser's usage and help, which has colours of its own in what it prints of us. */
export const parserStreams = {
	stdout: {
		write: (text: string) =>
			writeResults(
				text
					.split(OWN_STYLES)
					.map((part, index) => (index % 2 === 1 ? part : textLines(part)))
					.join(""),
			),
		getColorDepth: () => (process.stdout.isTTY && !process.env.NO_COLOR ? process.stdout.getColorDepth() : 1),
	},
	// It quotes what was typed: one line, without colours.
	stderr: { write: (text: string) => printMessage(text.replace(/\n$/, "")) },
};

function textOf(lines: Lines): string {
	const all = typeof lines === "string" ? [lines] : lines;
	return all.map((line) => `${printableLine(line)}\n`).join("");
}

const textLines = (text: string) => text.split("\n").map(printableLine).join("\n");

const writeResults = (text: string) => write("results", text);
const writeMessages = (text: string) => write("messages", text);

type Which = keyof typeof gone;

function write(which: Which, text: string): void {
	if (gone[which].signal.aborted || text === "") return;
	outlet(which).write(text);
}

const outlets: { [W in Which]?: Outlet } = {};

function outlet(which: Which): Outlet {
	const known = outlets[which];
	if (known !== undefined) return known;
	const stream = which === "results" ? process.stdout : process.stderr;
	const end = (error: unknown) => {
		gone[which].abort();
		if (which === "results") cutShort(error);
	};
	// A pipe that nobody reads, a terminal that was closed: that is no reason for what we do to end.
	stream.on("error", end);
	outlets[which] = new Outlet(stream, end);
	return outlets[which];
}

/** A file on a full disk, say: half of an answer is none. That a run went well is told by its exit code all the same. */
function cutShort(error: unknown): void {
	if (isErrno(error, "EPIPE") || isErrno(error, "EIO")) return;
	printMessage(`holdfast: the output could not be written: ${wordsOf(error)}`);
	process.on("exit", () => {
		if (!hasRun) process.exitCode ||= EXIT.failed;
	});
}

let hasRun = false;

/** Something is changed here or elsewhere from now on: whether the output could be written is not how the command ends. */
export function resultsAreAside(): void {
	hasRun = true;
}

/** While this is under way, whoever does not read what is printed holds nothing up; later they are waited for, until `signal`. */
export async function unhindered<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
	hasRun = true;
	const both = [outlet("results"), outlet("messages")];
	for (const one of both) one.hurry();
	try {
		return await work();
	} finally {
		const lost = await Promise.all(both.map((one) => one.linger(signal)));
		if (lost.some((count) => count > 0))
			printMessage(
				"! nobody read the output for a long time, and part of it is lost; all is in: holdfast runs show",
			);
	}
}

function clipped(row: string, width: number): string {
	return row.length < width ? row : `${row.slice(0, width - 2)}…`;
}
