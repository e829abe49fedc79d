// Errors of a disk that cannot be written to, with a hint what to do.
import { HoldfastError, isErrno } from "../values/error.ts";
import { codeFor, hintFor, wordsOf } from "../values/system-error.ts";

/** The error to throw for a failed write below `path`. */
export function diskFault(error: unknown, path: string): unknown {
	if (isErrno(error, "ENOSPC"))
		return new HoldfastError("disk-full", `no space left in ${path}`, {
			subject: path,
			cause: error,
			hint: `the incomplete archive was discarded; free some space (df -h ${path}), then create again`,
		});
	if (isErrno(error, "EROFS"))
		return new HoldfastError("disk-read-only", `${path} is mounted read-only`, {
			subject: path,
			cause: error,
			hint: "archives in it can be listed and restored; to write, remount it: mount -o remount,rw",
		});
	if (isErrno(error, "EACCES") || isErrno(error, "EPERM"))
		return new HoldfastError(codeFor(error), `cannot write to ${path}: ${wordsOf(error)}`, {
			subject: path,
			cause: error,
			hint:
				hintFor(error) ??
				`check its permissions, and whether it is immutable: ls -ld ${path}; lsattr -d ${path}`,
		});
	return error;
}
