// The one error type. It is thrown where the knowledge is: what happened, why, and what to do next.
import { hintFor, wordsOf } from "./system-error.ts";

/** Exit codes of the program; people's scripts rely on them. */
export const EXIT = {
	done: 0,
	failed: 1,
	usage: 2,
	partial: 3,
	locked: 4,
	recover: 5,
	interrupted: 130,
} as const;

type ErrorCode = Exclude<keyof typeof EXIT, "done">;

export interface ErrorFacts {
	/** What the reader can do about it, as a sentence or a command. */
	readonly hint?: string;
	/** The last lines that an engine or hook printed, or the lines that show where the fault is. */
	readonly details?: readonly string[];
	readonly cause?: unknown;
}

export class HoldfastError extends Error {
	readonly code: ErrorCode;
	readonly hint: string | undefined;
	readonly details: readonly string[];

	constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
		super(message, { cause: facts.cause });
		this.name = "HoldfastError";
		this.code = code;
		this.hint = facts.hint;
		this.details = facts.details ?? [];
	}
}

/** The plain form of an error, for events, the journal and `--json`. */
export interface ErrorReport {
	readonly message: string;
	readonly hint?: string;
	readonly details?: readonly string[];
}

export function reportOf(error: unknown): ErrorReport {
	if (error instanceof HoldfastError) {
		return {
			message: error.message,
			...(error.hint === undefined ? {} : { hint: error.hint }),
			...(error.details.length === 0 ? {} : { details: error.details }),
		};
	}
	const hint = hintFor(error);
	return { message: wordsOf(error), ...(hint === undefined ? {} : { hint }) };
}

/** Whether a system call failed with this code (`ENOENT`, `ENOSPC` …). */
export function isErrno(error: unknown, code: string): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
