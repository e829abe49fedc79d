// Splits a stream into lines. Long messages for people are truncated. Data are never truncated: a record that exceeds the
// limit is an error, so that no record is read partially.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Characters kept of a message: enough for a message with a path in which every byte is escaped. */
const LONGEST_MESSAGE = 64 * 1024;
/** Maximum bytes of a record, which describes one file, one archive or one event. */
export const LONGEST_RECORD = 1024 * 1024;
/** Maximum bytes of an answer that is kept in memory. */
const LONGEST_ANSWER = 16 * 1024 * 1024;
/** Maximum bytes of an answer of which only the beginning matters, such as a health check's. */
export const LONGEST_BEGINNING = 64 * 1024;

const NEWLINE = 10;

/** Gets the data that a program prints. If it throws, the program is ended; a `RangeError` says what was too long. */
export interface OutputReader {
	push(chunk: Buffer): void;
	/** Called after the last chunk. */
	end?(): void;
}

/** Collects all output in memory. */
export function answerReader(mostBytes = LONGEST_ANSWER): OutputReader & { text(): string } {
	const held = heldBytes();
	return {
		push(chunk) {
			if (held.length() + chunk.length > mostBytes)
				throw new RangeError(`more than ${mostBytes / 1024 ** 2} MiB`);
			held.add(chunk);
		},
		text: () => held.text(),
	};
}

/** Keeps the beginning of the output; the rest is read and dropped. */
export function beginningReader(mostBytes: number): OutputReader & { text(): string } {
	const held = heldBytes();
	return {
		push: (chunk) => held.add(chunk.subarray(0, mostBytes - held.length())),
		text: () => held.text(),
	};
}

/** Collects the bytes of an incomplete record in a buffer that doubles, so that byte-by-byte input does not cost more. */
export function heldBytes() {
	let room = Buffer.alloc(0);
	let used = 0;
	return {
		length: () => used,
		add(bytes: Buffer) {
			if (used + bytes.length > room.length) {
				const larger = Buffer.allocUnsafe(Math.max(2 * room.length, used + bytes.length));
				room.copy(larger, 0, 0, used);
				room = larger;
			}
			bytes.copy(room, used);
			used += bytes.length;
		},
		bytes: () => room.subarray(0, used),
		text: () => room.toString("utf8", 0, used),
		empty() {
			room = Buffer.alloc(0);
			used = 0;
		},
	};
}

/** Calls back for every line that is not empty; `\r` also ends a line, as in progress displays. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	const tell = (line: string) => {
		if (line !== "") onLine(line);
	};
	stream.on("data", (chunk: Buffer) => {
		// The rest of a line that was already truncated.
		if (rest.length >= LONGEST_MESSAGE && !chunk.includes("\n") && !chunk.includes("\r")) return;
		const lines = decoder.write(chunk).split(/[\r\n]+/);
		lines[0] = cut(rest + lines[0]);
		rest = cut(lines.pop() ?? "");
		for (const line of lines) tell(cut(line));
	});
	stream.on("end", () => tell(cut(rest + decoder.end())));
	stream.on("error", () => {});
}

/** As `eachLine`, but includes empty lines, and only `\n` ends a line. Settles at the end of the stream. */
export async function everyLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	for await (const chunk of stream) {
		const lines = decoder.write(chunk as Buffer).split("\n");
		lines[0] = cut(rest + lines[0]);
		rest = cut(lines.pop() ?? "");
		for (const line of lines) onLine(line);
	}
	if (rest !== "") onLine(rest);
}

/**
 * Calls back for every line that is not empty, or for every record that ends in another byte, unchanged. A record longer
 * than `mostBytes` is an error.
 */
export function recordReader(
	onRecord: (record: string) => void,
	end = NEWLINE,
	mostBytes = LONGEST_RECORD,
): OutputReader {
	return everyRecordReader(
		(record) => {
			if (record !== "") onRecord(record);
		},
		end,
		mostBytes,
	);
}

/** As `recordReader`, but includes empty records. */
export function everyRecordReader(
	onRecord: (record: string) => void,
	end = NEWLINE,
	mostBytes = LONGEST_RECORD,
): OutputReader {
	const rest = heldBytes();
	const measure = (bytes: number) => {
		if (rest.length() + bytes > mostBytes)
			throw new RangeError(`a line of more than ${mostBytes / 1024} KiB`);
	};
	const tell = (last: Buffer) => {
		if (rest.length() === 0) return onRecord(last.toString("utf8"));
		rest.add(last);
		const record = rest.text();
		rest.empty();
		onRecord(record);
	};
	return {
		push(chunk) {
			let from = 0;
			for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, from)) {
				measure(at - from);
				tell(chunk.subarray(from, at));
				from = at + 1;
			}
			measure(chunk.length - from);
			if (from < chunk.length) rest.add(chunk.subarray(from));
		},
		end: () => {
			if (rest.length() > 0) tell(Buffer.alloc(0));
		},
	};
}

function cut(line: string): string {
	return line.length > LONGEST_MESSAGE ? line.slice(0, LONGEST_MESSAGE) : line;
}
