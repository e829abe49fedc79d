// The one error type. It is thrown where the knowledge is: what happened, to what, why, and what to do next.
import { ERROR_CODES, type ErrorCode, EXIT, type Exit, exitOfCode } from "./error-codes.ts";
import { codeFor, hintFor, wordsOf } from "./system-error.ts";

export interface ErrorFacts {
	/** What it is about: an archive's id, a path, a machine, a state, a repository's address. */
	readonly subject?: string | undefined;
	/** What the reader can do about it, as a sentence or a command. */
	readonly hint?: string | undefined;
	/** The last lines that an engine or hook printed, or the lines that show where the fault is. */
	readonly details?: readonly string[] | undefined;
	readonly cause?: unknown;
}

export class HoldfastError extends Error {
	/** One of `ERROR_CODES`; of an error that another version reported, maybe one that is not known here. */
	readonly code: string;
	/** How a command ends that fails with it. */
	readonly exit: Exit;
	readonly subject: string | undefined;
	readonly hint: string | undefined;
	readonly details: readonly string[];

	constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
		super(message, { cause: facts.cause });
		this.name = "HoldfastError";
		this.code = code;
		this.exit = ERROR_CODES[code].exit;
		this.subject = facts.subject;
		this.hint = facts.hint;
		this.details = facts.details ?? [];
	}
}

/** The plain form of an error, for events, the journal, other machines and `--json`. */
export interface ErrorReport {
	/** Absent in what Holdfast 0.1.0 wrote. */
	readonly code?: string;
	readonly subject?: string;
	readonly message: string;
	readonly hint?: string;
	readonly details?: readonly string[];
}

export function reportOf(error: unknown): ErrorReport {
	if (!(error instanceof HoldfastError)) {
		const hint = hintFor(error);
		return { code: codeFor(error), message: wordsOf(error), ...(hint === undefined ? {} : { hint }) };
	}
	const { code, subject, message, hint, details } = error;
	return {
		code,
		...(subject === undefined ? {} : { subject }),
		message,
		...(hint === undefined ? {} : { hint }),
		...(details.length === 0 ? {} : { details }),
	};
}

/** An error that was reported by another process, which may be of another version. `exit`: how that ended, where it is known. */
export function errorOf(report: ErrorReport, exit?: Exit): HoldfastError {
	const error = new HoldfastError("failed", report.message, report);
	return Object.assign(error, {
		code: report.code ?? exit ?? error.code,
		exit: exit ?? exitOfCode(report.code),
	});
}

/** The exit code of a command that failed with this. */
export function exitOf(error: unknown): number {
	return EXIT[error instanceof HoldfastError ? error.exit : "failed"];
}

/** Whether a system call failed with this code (`ENOENT`, `ENOSPC` …). */
export function isErrno(error: unknown, code: string): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
