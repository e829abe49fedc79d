// Translates restic's errors.
import { describeEnd, type ExecResult } from "../../host/exec.ts";
import { howToInstall } from "../../host/programs.ts";
import { secretOrigin } from "../../host/secret.ts";
import { HoldfastError } from "../../values/error.ts";
import type { ErrorCode } from "../../values/error-codes.ts";
import { MAX_PROBLEMS } from "./own-lines.ts";
import type { ResticDestination } from "./schema.ts";

/** An error of restic itself. */
export class ResticFault extends HoldfastError {
	/** It has been retried long enough: do not retry again. */
	wasTried = false;
}

interface Fault {
	readonly code: ErrorCode;
	/** restic 0.17 and later have exit codes for some errors; older versions only have the message. */
	readonly exit?: number;
	/** In lines of restic itself: see own-lines.ts. */
	readonly words: RegExp;
	readonly message: (repo: string) => string;
	readonly hint?: (destination: ResticDestination) => string;
}

export const UNREACHABLE = {
	code: "connection-failed",
	words:
		/connection refused|no such host|network is unreachable|no route to host|i\/o timeout|connection reset|502 Bad Gateway|503 Service|unable to start the sftp session|ssh command exited|EOF$/i,
	message: (repo: string) => `${repo} cannot be reached`,
	hint: () => "check that its host is up and the address is right; several attempts failed",
} as const satisfies Fault;
export const FULL = {
	code: "disk-full",
	words: /no space left on device|ENOSPC|507 Insufficient Storage/i,
	message: (repo: string) => `no space left for ${repo}`,
	hint: () => "the incomplete archive was discarded; free some space, then try again",
} as const satisfies Fault;
const UNWRITABLE = {
	message: (repo: string) => `cannot write to ${repo}`,
	hint: () => "check that it is not mounted read-only and that this user may write to it",
};

const FAULTS: readonly Fault[] = [
	{
		code: "repository-damaged",
		words: /^Fatal: repository contains errors$/m,
		message: (repo) => `${repo} is incomplete or damaged`,
	},
	FULL,
	{
		code: "wrong-passphrase",
		exit: 12,
		words: /^Fatal: wrong password or no key found$/m,
		message: (repo) => `the passphrase of ${repo} is wrong`,
		hint: (destination) => `it was read from ${secretOrigin(destination)}`,
	},
	{
		code: "repository-locked",
		exit: 11,
		words: /repository is already locked/,
		message: (repo) => `${repo} is locked by another restic process`,
		hint: () => "wait for the one named in the lines above; stale locks have already been removed",
	},
	{
		code: "access-refused",
		words: /Permission denied \(|Host key verification failed|401 Unauthorized|Access Denied/,
		message: (repo) => `access to ${repo} was refused`,
		hint: () => "see restic's messages above, and check the key or password",
	},
	{ code: "disk-read-only", words: /read-only file system/i, ...UNWRITABLE },
	{ code: "permission-denied", words: /permission denied|403 Forbidden/i, ...UNWRITABLE },
	UNREACHABLE,
	{
		code: "repository-not-found",
		exit: 10,
		words: /^Is there a repository at the following location\?/m,
		message: (repo) => `there is no restic repository at ${repo}`,
		hint: () =>
			"check that its disk is mounted and its address is right; the first create initializes a new repository",
	},
];

/** `said`: its last lines, to be shown; `own`: those of them that tell the fault. */
export function faultOf(
	destination: ResticDestination,
	result: ExecResult,
	said: readonly string[],
	own: readonly string[],
	known: Fault | undefined,
): ResticFault {
	const { repo: subject } = destination;
	const details = said.slice(-10);
	if (result.code === 127)
		return new ResticFault("program-not-found", "restic is not installed", {
			...{ subject: "restic", details },
			hint: howToInstall("restic"),
		});
	const text = own.join("\n");
	const fault =
		known ??
		FAULTS.find(({ exit }) => exit !== undefined && exit === result.code) ??
		FAULTS.find(({ words }) => words.test(text));
	if (fault === undefined)
		return new ResticFault("program-failed", `restic ${describeEnd(result)} on ${subject}`, {
			...{ subject, details },
		});
	return new ResticFault(fault.code, fault.message(subject), {
		subject,
		hint: fault.hint?.(destination),
		details: fault.code === "repository-damaged" ? said.slice(-MAX_PROBLEMS) : details,
	});
}
