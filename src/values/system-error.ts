// Turns system errors into messages: error codes and paths through open folders (/proc/self/fd) mean nothing to users.
import type { ErrorCode } from "./error-codes.ts";

const WORDS: Readonly<Record<string, string>> = {
	EACCES: "permission denied",
	EPERM: "not permitted",
	ENOENT: "no such file or folder",
	ENOTDIR: "part of the path is not a folder",
	EISDIR: "it is a folder",
	EEXIST: "it already exists",
	ENOTEMPTY: "the folder is not empty",
	ENOSPC: "no space left",
	EDQUOT: "the disk quota is exhausted",
	EROFS: "the file system is mounted read-only",
	EIO: "input/output error of the disk or its connection",
	EBUSY: "it is in use",
	ELOOP: "too many symbolic links",
	ENAMETOOLONG: "the name is too long",
	EMFILE: "this process has too many open files",
	ENFILE: "this machine has too many open files",
	ESTALE: "the network file system no longer has it (stale file handle)",
	ENXIO: "there is no such device",
	ECONNREFUSED: "the connection was refused",
};

/** Those with a code in error-codes.ts. */
const CODES: Readonly<Record<string, ErrorCode>> = {
	EACCES: "permission-denied",
	EPERM: "permission-denied",
	ENOSPC: "disk-full",
	EDQUOT: "disk-full",
	EROFS: "disk-read-only",
};

interface SystemError extends Error {
	readonly code: string;
	readonly syscall: string;
	readonly path?: string;
	readonly dest?: string;
}

const isSystemError = (error: unknown): error is SystemError =>
	error instanceof Error &&
	typeof (error as Partial<SystemError>).syscall === "string" &&
	/^E[A-Z0-9]+$/.test((error as Partial<SystemError>).code ?? "");

/** The message of an error, for people. */
export function wordsOf(error: unknown): string {
	if (!isSystemError(error)) return error instanceof Error ? error.message : String(error);
	const { code, syscall, path, dest, message } = error;
	const words = WORDS[code] ?? (/^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] || message);
	const where = [path, dest].flatMap((one) => (one === undefined ? [] : [shown(one)])).filter(Boolean);
	return `${where.length === 0 ? "" : `${where.join(" → ")}: `}${words} (${syscall}, ${code})`;
}

/** The code for an error that is not a `HoldfastError`. */
export function codeFor(error: unknown): ErrorCode {
	return (isSystemError(error) ? CODES[error.code] : undefined) ?? "failed";
}

/** The path that it is about; undefined if only the path through an open folder is known. */
export function pathOf(error: unknown): string | undefined {
	const path = isSystemError(error) ? error.path : undefined;
	return path === undefined || shown(path) !== String(path) ? undefined : String(path);
}

/** What to do about it, if known. */
export function hintFor(error: unknown): string | undefined {
	if (!isSystemError(error) || !["EACCES", "EPERM"].includes(error.code) || process.getuid?.() === 0)
		return undefined;
	return `run it as root (sudo), or as the owner of these files; it is running as uid ${process.getuid?.()}`;
}

/** A path may be bytes. Of one through an open folder, only the end is shown. */
const shown = (path: string | Buffer) =>
	String(path).replace(/^\/proc\/self\/fd\/\d+(\/|$)/, (_, more: string) => (more === "" ? "" : "…/"));
