// Reads the output of a program: passes it to a reader, and keeps the last lines for messages.
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { type LastLines, lastLines } from "./last-lines.ts";
import { eachLine, type OutputReader } from "./lines.ts";
import { limitGarbage } from "./memory.ts";

/** Number of lines kept of each stream. */
const TAIL_LINES = 30;

export interface OutputOptions {
	/**
	 * The caller reads standard output through `Child.stdout`, starting immediately: unread output is lost when the child
	 * ends. Otherwise it goes to `reader` or `onStdout`.
	 */
	readonly pipeOut?: boolean;
	/** For messages to people: long lines are truncated. */
	readonly onStdout?: (line: string) => void;
	/** Gets standard output instead of `onStdout`. If it throws, the program is ended and the error is passed on. */
	readonly reader?: OutputReader;
	readonly onStderr?: (line: string) => void;
	/** A program that writes more than this to standard error is ended with the error `fault`. */
	readonly mostMessages?: { readonly bytes: number; readonly fault: () => Error };
}

/** Updated while the program runs. */
export interface Output {
	/** The last lines of each stream; `stdout` is empty if the caller or a reader gets standard output. */
	readonly stdout: readonly string[];
	readonly stderr: readonly string[];
	/** Bytes of both streams that were read here. */
	readonly bytes: number;
	/** The error that the reader threw, after which the program was ended. */
	readonly unreadable: unknown;
}

/** Start reading. `end` ends the program immediately. */
export function takeOutput(child: ChildProcess, options: OutputOptions, end: () => void): Output {
	const stdout = lastLines(TAIL_LINES);
	const stderr = lastLines(TAIL_LINES);
	const output = { stdout: stdout.lines, stderr: stderr.lines, bytes: 0, unreadable: undefined as unknown };
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
		const passed = limitGarbage(true);
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

function keepLines(stream: Readable, last: LastLines, tell?: (line: string) => void): void {
	eachLine(stream, (line) => {
		last.add(line);
		tell?.(line);
	});
}
