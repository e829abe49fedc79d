// What a program prints: handed to whoever reads it, and its last lines kept for messages.
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { eachLine, type OutputReader } from "./lines.ts";
import { frugal } from "./memory.ts";

/** How many last lines of each stream are kept. */
const TAIL_LINES = 30;

export interface OutputOptions {
	/**
	 * The child's standard output is ours to read through `Child.stdout`, at once: what nobody reads when it ends is lost.
	 * Otherwise it goes to `reader` or `onStdout`.
	 */
	readonly pipeOut?: boolean;
	/** Messages for people: what is too long is cut. */
	readonly onStdout?: (line: string) => void;
	/** Takes standard output in place of `onStdout`. What it throws ends the program, and is thrown. */
	readonly reader?: OutputReader;
	readonly onStderr?: (line: string) => void;
	/** A program that complains more than that is ended, with this error. */
	readonly mostMessages?: { readonly bytes: number; readonly fault: () => Error };
}

/** It grows while the program runs. */
export interface Output {
	/** The last lines of each stream; none of standard output where that goes to somebody else. */
	readonly stdout: readonly string[];
	readonly stderr: readonly string[];
	/** Of both streams, as far as they are read here. */
	readonly bytes: number;
	/** Why it cannot be read; the program was ended for it. */
	readonly unreadable: unknown;
}

/** `end` ends the program at once. */
export function takeOutput(child: ChildProcess, options: OutputOptions, end: () => void): Output {
	const stdout: string[] = [];
	const stderr: string[] = [];
	const output = { stdout, stderr, bytes: 0, unreadable: undefined as unknown };
	const guarded = (read: () => void) => {
		if (output.unreadable !== undefined) return;
		try {
			read();
		} catch (error) {
			output.unreadable = error;
			end();
		}
	};
	for (const stream of options.pipeOut ? [child.stderr] : [child.stdout, child.stderr]) {
		const passed = frugal(true);
		stream?.on("data", (chunk: Buffer) => {
			output.bytes += chunk.length;
			passed(chunk.length);
		});
	}
	const { reader, mostMessages } = options;
	if (reader) {
		child.stdout?.on("data", (chunk: Buffer) => guarded(() => reader.push(chunk)));
		child.stdout?.on("end", () => guarded(() => reader.end?.()));
	} else if (child.stdout && !options.pipeOut) keepLines(child.stdout, stdout, options.onStdout);
	if (mostMessages) {
		let bytes = 0;
		child.stderr?.on("data", (chunk: Buffer) => {
			bytes += chunk.length;
			guarded(() => {
				if (bytes > mostMessages.bytes) throw mostMessages.fault();
			});
		});
	}
	if (child.stderr) keepLines(child.stderr, stderr, options.onStderr);
	return output;
}

function keepLines(stream: Readable, last: string[], tell?: (line: string) => void): void {
	eachLine(stream, (line) => {
		last.push(line);
		if (last.length > TAIL_LINES) last.shift();
		tell?.(line);
	});
}
