// What ssh itself says of a session, apart from what the program there prints to its standard error: a machine could claim
// that its own host key has changed, or that the login was refused.
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Child, ExecResult } from "../host/exec.ts";

export interface Said {
	/** The last lines of the program there, then those of ssh. */
	readonly stderr: readonly string[];
	/** Those of ssh alone, and of its jump host's ssh if no connection was made. */
	readonly ssh: readonly string[];
}

export interface SessionEnd extends ExecResult, Said {}

export interface Session extends Child {
	readonly done: Promise<SessionEnd>;
}

export function sessionOf(child: Child, done: Promise<SessionEnd>): Session {
	// The error is for those who await it.
	done.catch(() => {});
	return { ...child, done };
}

const MAX_BYTES = 64 * 1024;

/** A file for the messages of one ssh (`-E`, ssh(1)), in a private folder that is its own. */
export interface Log {
	readonly path: string;
	/** Deletes the folder, and returns the lines. */
	close(): readonly string[];
}

export function openLog(folder: string): Log {
	const path = join(folder, "log");
	const fd = openSync(path, "wx+", 0o600);
	return {
		path,
		close() {
			try {
				const text = Buffer.alloc(MAX_BYTES);
				const bytes = readSync(fd, text, 0, MAX_BYTES, 0);
				return text
					.toString("utf8", 0, bytes)
					.split(/[\r\n]+/)
					.filter((line) => line !== "");
			} finally {
				closeSync(fd);
				rmSync(folder, { recursive: true, force: true });
			}
		},
	};
}

/** ssh had no connection yet: nothing runs there, and a jump host's ssh, which has no log, wrote to standard error. */
const NOT_CONNECTED =
	/^(kex_exchange_identification: |banner exchange: |Connection (closed|reset) by UNKNOWN )/;

/** `log` holds the lines that ssh wrote to its log. */
export function saidIn(log: readonly string[], stderr: readonly string[]): Said {
	const own = unforged(log);
	const isConnected = !own.some((line) => NOT_CONNECTED.test(line));
	return { stderr: [...stderr, ...log], ssh: isConnected ? own : [...unforged(stderr), ...own] };
}

/** In these, ssh quotes the server, newlines included. */
const QUOTES_SERVER =
	/^(Received disconnect from|Unable to negotiate with|channel \d+: open failed:) |: Permission denied \(/;

function unforged(lines: readonly string[]): readonly string[] {
	const at = lines.findIndex((line) => QUOTES_SERVER.test(line));
	return at < 0 ? lines : lines.slice(0, at + 1);
}

/** What an ssh without a session said: nothing else can write to its standard error. */
export const saidBySsh = (stderr: readonly string[]): Said => ({ stderr, ssh: unforged(stderr) });
