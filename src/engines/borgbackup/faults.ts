// Translates borg's messages and errors.
import { constants } from "node:os";
import * as v from "valibot";
import { describeEnd, type ExecResult } from "../../host/exec.ts";
import { howToInstall } from "../../host/programs.ts";
import { secretOrigin } from "../../host/secret.ts";
import { HoldfastError } from "../../values/error.ts";
import type { ErrorCode } from "../../values/error-codes.ts";
import { isCacheFault } from "./broken-cache.ts";
import type { BorgDestination } from "./schema.ts";

const { errno } = constants;

/** The fields we read in one NDJSON line of `--log-json` (borg 1.2, "Internals: JSON output"). */
export const messageSchema = v.object({
	type: v.string(),
	levelname: v.exactOptional(v.string()),
	message: v.exactOptional(v.string()),
	msgid: v.nullish(v.string()),
	finished: v.exactOptional(v.boolean()),
	original_size: v.exactOptional(v.number()),
	nfiles: v.exactOptional(v.number()),
	current: v.exactOptional(v.number()),
	total: v.exactOptional(v.number()),
	path: v.exactOptional(v.string()),
	/** For a file or folder, with `--list`: `d` for a stored folder, `C` for a file that changed while it was read. */
	status: v.exactOptional(v.string()),
});
export type BorgMessage = v.InferOutput<typeof messageSchema>;

/** Thrown with borg's `msgid` as the reason, so that callers can tell errors apart. */
export class BorgFault extends HoldfastError {
	readonly msgid: string | undefined;
	/** borg's output, if the error is about its cache on this machine, which can be rebuilt. */
	cache?: readonly string[];
	constructor(
		code: ErrorCode,
		msgid: string | undefined,
		message: string,
		facts: { subject: string; hint?: string; details: readonly string[] },
	) {
		super(code, message, facts);
		this.msgid = msgid;
	}
}

interface Meaning {
	readonly code: ErrorCode;
	readonly message: string;
	readonly hint: string;
	/** By default, the repository. */
	readonly subject?: string;
}

/** By borg's message id ("Message IDs" in its documentation of internals), with borg's message. */
const KNOWN: Readonly<Record<string, (destination: BorgDestination, message: string) => Meaning>> = {
	PassphraseWrong: (destination) => ({
		code: "wrong-passphrase",
		message: `the passphrase of ${destination.repo} is wrong`,
		hint: `it was read from ${secretOrigin(destination)}`,
	}),
	NoPassphraseFailure: ({ repo }) => ({
		code: "wrong-passphrase",
		message: `${repo} is encrypted, but no passphrase is configured`,
		hint: "set passphraseFile for the destination, or use --passphrase-file with adopt",
	}),
	"Repository.DoesNotExist": ({ repo }) => ({
		code: "repository-not-found",
		message: `there is no borg repository at ${repo}`,
		hint: "check that its disk is mounted and its address is right; the first create initializes a new repository",
	}),
	"Repository.InvalidRepository": ({ repo }) => ({
		code: "repository-invalid",
		message: `${repo} exists but is not a borg repository`,
		hint: "use another path, or empty this one",
	}),
	"Cache.RepositoryAccessAborted": ({ repo }) => ({
		code: "repository-moved",
		message: `the repository ${repo} was at another address when it was last used from here`,
		hint: "if you moved it, set relocated: true for the destination; if not, someone may have replaced it",
	}),
	"Repository.InsufficientFreeSpaceError": full,
	"Archive.DoesNotExist": ({ repo }, message) => {
		const [, archive = "of this name"] = /^Archive (.*) does not exist$/.exec(message) ?? [];
		return {
			code: "archive-not-found",
			subject: archive,
			message: `there is no archive ${archive} in ${repo}`,
			hint: "to list the archives: holdfast list",
		};
	},
	LockTimeout: ({ repo }) => ({
		code: "repository-locked",
		message: `${repo} is locked by another borg process`,
		hint: `wait for it to finish; if no borg is running on any machine: borg break-lock ${repo}`,
	}),
	ConnectionClosed: connectionClosed,
	ConnectionClosedWithHint: connectionClosed,
};

function full({ repo }: BorgDestination): Meaning {
	return {
		code: "disk-full",
		message: `no space left for ${repo}`,
		hint: "the incomplete archive was discarded; free some space, then create again",
	};
}

function connectionClosed({ repo }: BorgDestination): Meaning {
	return {
		code: "connection-failed",
		message: `the connection to ${repo} failed`,
		hint: "check that the host is up and accepts the SSH key",
	};
}

/** An exception at the end of a traceback, or the reason why there is no lock. Python quotes a file's name in it. */
const SYSTEM_ERROR = /^(?:Remote: )?(?:\w+Error: |Failed to create\/acquire the lock .*\()\[Errno (\d+)\]/gm;

/**
 * The numbers of the system's errors that ended borg. Only in messages that begin like a traceback or have an id: `borg check`
 * has others that begin with the name of a file.
 */
function systemErrors(errors: readonly BorgMessage[], plain: readonly string[]): ReadonlySet<number> {
	const own = errors.filter(({ msgid, message = "" }) => msgid || /^(Remote: |Traceback )/.test(message));
	const text = [...plain, ...own.map(({ message = "" }) => message)].join("\n");
	return new Set([...text.matchAll(SYSTEM_ERROR)].map(([, number]) => Number(number)));
}

export function faultOf(
	destination: BorgDestination,
	errors: readonly BorgMessage[],
	plain: readonly string[],
	result: ExecResult,
): BorgFault {
	const known = errors.find(({ msgid }) => msgid && Object.hasOwn(KNOWN, msgid));
	const said = [...plain, ...errors.flatMap((message) => (message.message ?? "").split("\n"))];
	const { repo: subject } = destination;
	const first = errors[0]?.msgid ?? undefined;
	const failed = systemErrors(errors, plain);
	if (failed.has(errno.EROFS))
		return new BorgFault("disk-read-only", first, `${subject} is mounted read-only`, {
			subject,
			hint: "archives in it can be listed and restored; to write, remount it: mount -o remount,rw",
			details: [],
		});
	const details = said.slice(0, 10);
	const toFault = ({ code, message, ...facts }: Meaning, shown = details) =>
		new BorgFault(code, known?.msgid ?? first, message, { subject, ...facts, details: shown });
	if (known?.msgid) {
		const meaning = KNOWN[known.msgid]?.(destination, known.message ?? "");
		if (meaning) return toFault(meaning);
	}
	if (failed.has(errno.ENOSPC)) return toFault(full(destination), []);
	if (result.code === 127)
		return new BorgFault("program-not-found", undefined, "borg is not installed", {
			...{ subject: "borg", details },
			hint: howToInstall("borgbackup"),
		});
	if (said.some((line) => /no FUSE support|^borg mount not available/.test(line)))
		return new BorgFault("program-not-found", first, "borg cannot mount: it lacks Python's module for FUSE", {
			...{ subject: "python3-llfuse", details },
			hint: `${howToInstall("python3-llfuse")}. Without it: holdfast archives browse, and holdfast archives extract`,
		});
	if (isCacheFault(said)) {
		const damaged = `borg's cache of ${subject} on this machine was damaged`;
		const found = new BorgFault("program-failed", first, damaged, {
			subject,
			hint: "it was deleted, and borg rebuilds it: run the command again",
			details: said.slice(-10),
		});
		found.cache = said;
		return found;
	}
	return new BorgFault("program-failed", first, `borg ${describeEnd(result)} on ${subject}`, {
		subject,
		details,
	});
}
