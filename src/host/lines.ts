// Lines out of a stream. Messages for people are cut where they are too long; data never are: a record that is longer
// than any we know is an error, so that nothing is read by half.
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Characters of a message that are kept: one that names a path fits, also where every byte of that is escaped. */
const LONGEST_MESSAGE = 64 * 1024;
/** Bytes of one record: what a program says of one file, one archive, one event. */
export const LONGEST_RECORD = 1024 * 1024;
/** Bytes of an answer that is kept in memory. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

const NEWLINE = 10;

/** Takes the data that a program prints. What it throws ends the program; a `RangeError` says what was too long. */
export interface OutputReader {
	push(chunk: Buffer): void;
	/** After the last chunk. */
	end?(): void;
}

/** An answer that is read whole. */
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

/** Bytes that are kept until they are whole, in room that doubles: what comes byte by byte costs no more than its bytes. */
function heldBytes() {
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
		text: () => room.toString("utf8", 0, used),
		empty() {
			room = Buffer.alloc(0);
			used = 0;
		},
	};
}

/** Call back for every line that is not empty; `\r` ends a line as well, as in progress displays. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	const tell = (line: string) => {
		if (line !== "") onLine(line);
	};
	stream.on("data", (chunk: Buffer) => {
		// More of a line that was cut already.
		if (rest.length >= LONGEST_MESSAGE && !chunk.includes("\n") && !chunk.includes("\r")) return;
		const lines = decoder.write(chunk).split(/[\r\n]+/);
		lines[0] = cut(rest + lines[0]);
		rest = cut(lines.pop() ?? "");
		for (const line of lines) tell(cut(line));
	});
	stream.on("end", () => tell(cut(rest + decoder.end())));
	stream.on("error", () => {});
}

/** As `eachLine` for texts in which every line counts: empty ones too, and only `\n` ends one. Settles at the end. */
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
 * Calls back for every line that is not empty, or every record that ends in another byte, as it was written; none may be
 * longer than `mostBytes`.
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

/** The same for texts in which an empty line counts as well. */
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
