// Limits the size of an error where it is made: it may quote a program, a service or a file at any length, and is kept in
// memory and in the journal, and sent to other machines in one line (`LONGEST_RECORD` in host/lines.ts).
import { clip } from "./clip.ts";

/** The plain form of an error, for events, the journal, other machines and `--json`. */
export interface ErrorReport {
	/** Absent in what Holdfast 0.1.0 wrote. */
	readonly code?: string;
	readonly subject?: string;
	readonly message: string;
	readonly hint?: string;
	readonly details?: readonly string[];
}

/** Characters of a message, a hint, a subject and a detail line. */
export const MAX_TEXT = 4_000;
/** Detail lines, including the one that says how many were left out. */
const MAX_DETAILS = 200;
const MAX_CODE = 200;
/** Bytes of the report as JSON. */
const MAX_BYTES = 256 * 1024;
/** Bytes of the line that says how many details were left out. */
const MARK_BYTES = 40;
/** The quotes around a text and the comma after it; the names of the fields. */
const QUOTES_BYTES = 3;
const KEYS_BYTES = 60;
/** A message is not made shorter than this. */
const LEAST_TEXT = 60;

type Unbounded = { readonly [K in keyof ErrorReport]: ErrorReport[K] | undefined } & {
	readonly message: string;
};

/** The report, with long texts clipped and details left out. A report within the limits stays as it is. */
export function bounded(report: Unbounded, mostBytes = MAX_BYTES): ErrorReport {
	const { details = [] } = report;
	let texts = clipped(report, MAX_TEXT);
	for (let most = MAX_TEXT; bytesIn(texts) > mostBytes && most > LEAST_TEXT; most = Math.floor(most / 2))
		texts = clipped(report, most);
	const kept = firstOf(details, mostBytes - bytesIn(texts));
	return { ...texts, ...(kept.length === 0 ? {} : { details: kept }) };
}

/** Several reports that are sent in one line. */
export function boundedTogether(reports: readonly ErrorReport[], mostBytes: number): ErrorReport[] {
	const all = reports.map((report) => bounded(report));
	const isTooMuch = all.reduce((bytes, report) => bytes + bytesIn(report), 0) > mostBytes;
	return isTooMuch ? all.map((report) => bounded(report, Math.floor(mostBytes / all.length))) : all;
}

function clipped({ code, subject, message, hint }: Unbounded, most: number): ErrorReport {
	return {
		...(code === undefined ? {} : { code: clip(code, MAX_CODE) }),
		...(subject === undefined ? {} : { subject: clip(subject, most) }),
		message: clip(message, most),
		...(hint === undefined ? {} : { hint: clip(hint, most) }),
	};
}

function firstOf(details: readonly string[], mostBytes: number): string[] {
	const kept: string[] = [];
	let left = mostBytes;
	for (const detail of details.length > MAX_DETAILS ? details.slice(0, MAX_DETAILS - 1) : details) {
		const line = clip(detail, MAX_TEXT);
		left -= bytesOf(line);
		// The last one needs no room for the mark.
		if (left < (kept.length === details.length - 1 ? 0 : MARK_BYTES)) break;
		kept.push(line);
	}
	if (kept.length === details.length) return kept;
	return [...kept, `… and ${details.length - kept.length} more`];
}

function bytesIn({ code = "", subject = "", message, hint = "", details = [] }: ErrorReport): number {
	const texts = [code, subject, message, hint, ...details];
	return texts.reduce((bytes, text) => bytes + bytesOf(text), KEYS_BYTES);
}

/** At most: what is not printable ASCII may be written as `\uXXXX`, by JSON itself or for terminals (printable.ts). */
function bytesOf(text: string): number {
	let bytes = text.length + QUOTES_BYTES;
	for (let at = 0; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (unit < 0x20 || unit > 0x7e) bytes += 5;
		else if (unit === 0x22 || unit === 0x5c) bytes += 1;
	}
	return bytes;
}
