// Keeps an answer until it is needed, the end of it in memory and the rest in a file without a name: many machines may
// answer at once, and their answers together need not fit into memory.
import { closeSync, readSync, writeSync } from "node:fs";
import { heldBytes, type OutputReader } from "./lines.ts";
import { namelessFile } from "./nameless-file.ts";

/** On disk: /tmp may be in memory. */
const FOLDER = process.env.TMPDIR || "/var/tmp";
/** Bytes that are kept in memory. */
const MAX_IN_MEMORY = 64 * 1024;

export interface KeptAnswer extends OutputReader, Disposable {
	/** Reads it again on each call. */
	text(): string;
}

/** Like `answerReader`: more than `mostBytes` is a `RangeError`. Dispose of it. */
export function keptAnswer(mostBytes: number): KeptAnswer {
	const held = heldBytes();
	let file: number | undefined;
	let inFile = 0;
	let isFull = false;
	const makeRoom = () => {
		try {
			file ??= namelessFile(FOLDER);
			inFile += writeAll(file, held.bytes(), inFile);
			held.empty();
		} catch {
			// The disk is full, or the folder is missing: keep the rest in memory.
			isFull = true;
		}
	};
	return {
		push(chunk) {
			if (inFile + held.length() + chunk.length > mostBytes)
				throw new RangeError(`more than ${mostBytes / 1024 ** 2} MiB`);
			if (!isFull && held.length() + chunk.length > MAX_IN_MEMORY) makeRoom();
			held.add(chunk);
		},
		text() {
			if (file === undefined) return held.text();
			return Buffer.concat([bytesIn(file, inFile), held.bytes()]).toString("utf8");
		},
		[Symbol.dispose]() {
			if (file !== undefined) closeSync(file);
			file = undefined;
			held.empty();
		},
	};
}

/** Parses texts, and keeps the results for the next time while the texts together are not longer than `most`. */
export function parsedWhileSmall(most: number) {
	let left = most;
	return <T>(read: () => string, parse: (text: string) => T): (() => T) => {
		let kept: { readonly value: T } | undefined;
		return () => {
			if (kept !== undefined) return kept.value;
			const text = read();
			const value = parse(text);
			if (text.length <= left) {
				left -= text.length;
				kept = { value };
			}
			return value;
		};
	};
}

function writeAll(file: number, bytes: Buffer, position: number): number {
	for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, position + at);
	return bytes.length;
}

function bytesIn(file: number, length: number): Buffer {
	const bytes = Buffer.allocUnsafe(length);
	for (let at = 0; at < length; ) {
		const count = readSync(file, bytes, at, length - at, at);
		if (count === 0) throw new Error("a file of our own has become shorter");
		at += count;
	}
	return bytes;
}
