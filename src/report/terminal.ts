// The only access to the terminal: nothing else writes to standard output or standard error (scripts/one-door.grit). Text
// is printed as lines, and each stays one line: no control character in a name, a log or an archive reaches the terminal.
// Colours and cursor movements are added here, outside of the text.

import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { limitGarbage } from "../host/memory.ts";
import { isErrno } from "../values/error.ts";
import { EXIT } from "../values/error-codes.ts";
import { jsonText, printableLine, shortLine } from "../values/printable.ts";
import { wordsOf } from "../values/system-error.ts";
import { BATCH, BATCH_LENGTH, batches } from "./batches.ts";
import { Outlet } from "./outlet.ts";

/** One line, or several. */
export type Lines = string | readonly string[];

const gone = { results: new AbortController(), messages: new AbortController() };

/** Aborted once nobody can read standard output any more. What is printed after that is lost. */
export const resultsGone: AbortSignal = gone.results.signal;

/** Results for people, on standard output. */
export function print(lines: Lines): void {
	writeResults(textOf(lines));
}

/** Messages for people in addition to results, on standard error. */
export function printMessage(lines: Lines): void {
	writeMessages(textOf(typeof lines === "string" ? shortLine(lines) : lines.map(shortLine)));
}

/** Results for programs, on standard output: one document, or one of many lines. */
export function printJson(value: unknown, indent?: number): void {
	writeResults(`${jsonText(value, indent)}\n`);
}

/** Any number of lines; those that are written are released before more are read. */
export async function printMany(lines: Iterable<string>): Promise<void> {
	const passed = limitGarbage(true);
	for (const batch of batches(lines)) {
		print(batch);
		passed(batch.reduce((bytes, line) => bytes + line.length, 0));
		await resultsTaken();
	}
}

/** One document with lists that are too long for memory: the fields of `value`, followed by the lists under their names. */
export async function printLongJson(
	value: Readonly<Record<string, unknown>>,
	lists: Readonly<Record<string, Iterable<unknown>>>,
	{ isOneLine = false } = {},
): Promise<void> {
	const line = (depth: number) => (isOneLine ? "" : `\n${"  ".repeat(depth)}`);
	let text = "{";
	let between = "";
	for (const [key, one] of Object.entries(value)) {
		text += `${between}${line(1)}${jsonText(key)}: ${jsonText(one)}`;
		between = ",";
	}
	for (const [key, items] of Object.entries(lists)) {
		text += `${between}${line(1)}${jsonText(key)}: [`;
		between = "";
		let count = 0;
		for (const item of items) {
			text += `${between}${line(2)}${jsonText(item)}`;
			between = ",";
			if (++count % BATCH !== 0 && text.length <= BATCH_LENGTH) continue;
			writeResults(text);
			text = "";
			await resultsTaken();
		}
		text += `${between === "" ? "" : line(1)}]`;
		between = ",";
	}
	writeResults(`${text}${line(0)}}\n`);
}

/** Returns when the results have a reader for more: what is written to a slower one is kept in memory. */
export async function resultsTaken(): Promise<void> {
	await outlet("results").taken();
	await setImmediate();
}

export const resultsWait = (): boolean => outlet("results").isUnread;

/** Split a text into lines, as `print` takes them. */
export const linesIn = (text: string): string[] => text.replace(/\n$/, "").split("\n");

/** Whether results, or messages, go to a terminal. */
export const resultsAreSeen = (): boolean => process.stdout.isTTY;
export const messagesAreSeen = (): boolean => process.stderr.isTTY;

/** Columns of the terminal that shows the results; without one, lines may have any length. */
export const screenWidth = (): number =>
	process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;

/** Clear the screen, if there is one. */
export function clearScreen(): void {
	if (process.stdout.isTTY) writeResults("\x1b[H\x1b[2J");
}

/** Rows at the bottom of the screen that are redrawn repeatedly, below lines that stay. */
export interface LiveArea {
	draw(rows: readonly string[]): void;
	/** Print lines that stay, above the rows; the next `draw` draws those again. */
	print(lines: readonly string[]): void;
	/** The number of rows of the screen. */
	height(): number;
	/** The most characters of a row. */
	width(): number;
	close(): void;
}

export async function liveArea(): Promise<LiveArea> {
	const [{ createLogUpdate }, { clipped }] = await Promise.all([
		import("log-update"),
		import("./text/wrap.ts"),
	]);
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
		width: () => (screen.columns || 80) - 1,
		close() {
			area.clear();
			area.done();
		},
	};
}

/** Ask a question on the terminal; undefined if interrupted. The terminal itself echoes the input. */
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

/** An answer to choose on the terminal. */
export interface Choice {
	readonly value: string;
	readonly label: string;
	/** Shown while it is selected. */
	readonly hint?: string;
	/** It can be seen, and not chosen. */
	readonly disabled?: boolean;
}

/** Let the user choose with the arrow keys; undefined if they leave it, or on `signal`. */
export async function choose(
	question: string,
	choices: readonly Choice[],
	signal: AbortSignal,
): Promise<string | undefined> {
	const { isCancel, select } = await import("@clack/prompts");
	// A serial console does not know its size.
	if (!process.stderr.columns) process.stderr.columns = 80;
	if (!process.stderr.rows) process.stderr.rows = 24;
	const seen = (text: string) => printableLine(text).replaceAll("\t", " ");
	const answer = await select({
		message: seen(question),
		options: choices.map(({ label, hint, ...choice }) => ({
			...choice,
			label: seen(label),
			...(hint === undefined ? {} : { hint: seen(hint) }),
		})),
		maxItems: MAX_CHOICES,
		input: process.stdin,
		output: process.stderr,
		signal,
	});
	return isCancel(answer) ? undefined : answer;
}
const MAX_CHOICES = 10;

/** Whether a person can be asked: they see messages, and can type. */
export const canBeAsked = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Bold, dim, italic and underlined, and their ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is let through
const OWN_STYLES = /(\x1b\[;*(?:[1-4]|2[234])m)/;

/** The argument parser's usage and help, to which it adds colours of its own. */
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
	// It quotes the user's input: print it as one line, without colours.
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
	// A closed pipe or terminal is no reason to stop working.
	stream.on("error", end);
	outlets[which] = new Outlet(stream, end);
	return outlets[which];
}

/** For example, a file on a full disk: a partial result is useless. The exit code still says how a run ended. */
function cutShort(error: unknown): void {
	if (isErrno(error, "EPIPE") || isErrno(error, "EIO")) return;
	printMessage(`holdfast: the output could not be written: ${wordsOf(error)}`);
	process.on("exit", () => {
		if (!hasRun) process.exitCode ||= EXIT.failed;
	});
}

let hasRun = false;

/** From now on something is changed, here or elsewhere: failing to write the output no longer decides the exit code. */
export function resultsAreSecondary(): void {
	hasRun = true;
}

/** While this work is in progress, a slow reader does not block it; afterwards output waits for the reader, until `signal`. */
export async function withoutBackpressure<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
	hasRun = true;
	const both = [outlet("results"), outlet("messages")];
	for (const one of both) one.hurry();
	try {
		return await work();
	} finally {
		const lost = await Promise.all(both.map((one) => one.linger(signal)));
		if (lost.some((count) => count > 0))
			printMessage(
				"! the output was not read for a long time, and part of it is lost; see all of it with: holdfast runs show",
			);
	}
}
