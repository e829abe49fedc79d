// The only error type: what happened, to what, why, and what to do next. Throw it where this is known.
import { clip } from "./clip.ts";
import { bounded, type ErrorReport, MAX_TEXT } from "./error-bounds.ts";
import {
	type CodeWithSubject,
	ERROR_CODES,
	type ErrorCode,
	EXIT,
	exitOfCode,
	type FailedExit,
} from "./error-codes.ts";
import { codeFor, hintFor, pathOf, wordsOf } from "./system-error.ts";

export interface ErrorFacts {
	/** What it is about, alone: a path, a machine, a unit. `ERROR_CODES` says what, for each code. */
	readonly subject?: string | undefined;
	/** What the reader can do about it, as a sentence or a command. */
	readonly hint?: string | undefined;
	/** The last lines of an engine's or hook's output, or the lines that show where the fault is. */
	readonly details?: readonly string[] | undefined;
	readonly cause?: unknown;
}

export class HoldfastError extends Error {
	/** One of `ERROR_CODES`; in an error from another version, possibly an unknown one. */
	readonly code: string;
	/** The exit code of a command that fails with it. */
	readonly exit: FailedExit;
	subject: string | undefined;
	readonly hint: string | undefined;
	readonly details: readonly string[];

	/** The texts are limited in length and number: see error-bounds.ts. */
	constructor(code: ErrorCode, message: string, facts: ErrorFacts & { readonly subject: string });
	constructor(code: Exclude<ErrorCode, CodeWithSubject>, message: string, facts?: ErrorFacts);
	constructor(code: ErrorCode, text: string, { cause, subject, hint, details = [] }: ErrorFacts = {}) {
		const facts = bounded({ subject, message: text, hint, details });
		super(facts.message, { cause });
		this.name = "HoldfastError";
		this.code = code;
		this.exit = ERROR_CODES[code].exit;
		this.subject = facts.subject;
		this.hint = facts.hint;
		this.details = facts.details ?? [];
	}
}

/** Say what an error is about, unless the code that threw it has said so. Returns the error. */
export function withSubject(error: unknown, subject: string | undefined): unknown {
	if (error instanceof HoldfastError) error.subject ??= subject;
	return error;
}

/** Limited in size: see error-bounds.ts. */
export function reportOf(error: unknown): ErrorReport {
	if (error instanceof HoldfastError) return bounded(error);
	return bounded({
		code: codeFor(error),
		subject: pathOf(error),
		message: wordsOf(error),
		hint: hintFor(error),
	});
}

/** The message and the details in one line, for use within another message. */
export function inOneLine(error: unknown): string {
	const { message, details = [] } = reportOf(error);
	return clip([message, ...details].join(": "), MAX_TEXT);
}

/** An error reported by another process, possibly of another version. `exit`: its exit code, if known. */
export function errorOf(report: ErrorReport, exit?: FailedExit): HoldfastError {
	const error = new HoldfastError("failed", report.message, report);
	return Object.assign(error, {
		code: report.code ?? exit ?? error.code,
		exit: exit ?? exitOfCode(report.code),
	});
}

/** The exit code of a command that failed with this error. */
export function exitOf(error: unknown): number {
	return EXIT[error instanceof HoldfastError ? error.exit : "failed"];
}

/** Whether a system call failed with this code (`ENOENT`, `ENOSPC` …). */
export function isErrno(error: unknown, code: string): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
