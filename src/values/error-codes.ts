// Error codes, on which scripts can rely: in `--json`, events, the journal and between machines. A released code keeps its
// meaning and its exit code. `docs/reference/errors.md` is generated from this table.

/** Exit codes of the program. Scripts rely on them. */
export const EXIT = {
	done: 0,
	failed: 1,
	usage: 2,
	partial: 3,
	locked: 4,
	recover: 5,
	interrupted: 130,
} as const;

export type Exit = keyof typeof EXIT;
/** The exit code of an error: something failed, and not only in part. */
export type FailedExit = Exclude<Exit, "done" | "partial">;

interface CodeFacts {
	/** The exit code of a command that fails with it. */
	readonly exit: FailedExit;
	/** A sentence without a full stop, for the reference. */
	readonly about: string;
}

const failed = (about: string) => ({ exit: "failed", about }) as const;
const usage = (about: string) => ({ exit: "usage", about }) as const;

export const ERROR_CODES = {
	failed: failed("an error without a specific code; see the message"),
	interrupted: { exit: "interrupted", about: "a signal or Ctrl-C; what had begun was rolled back" },
	locked: { exit: "locked", about: "another run works on this machine" },

	usage: usage("the command line cannot be understood, or two of its words exclude each other"),
	"confirmation-needed": usage("the command asks before it goes on, and there is no terminal and no `--yes`"),
	"not-confirmed": failed("the question was answered with no"),
	"not-supported": usage("the engine cannot do this"),
	"file-exists": usage("a file or folder that would be written is already there"),

	"config-not-found": usage("there is no config file"),
	"config-invalid": usage(
		"the config or manifest cannot be read, or has a fault; the details show the lines",
	),
	"config-not-trusted": usage("others than root could change the config, and it is not read"),
	"nix-failed": usage("the Nix flake could not be evaluated"),
	"machine-not-found": usage("the config has no such machine, or no machine with the tag"),
	"machine-ambiguous": usage("several machines could be meant"),
	"state-not-found": usage("the machine has no such state"),
	"provider-not-found": usage("the machine has no such provider"),
	"destination-not-found": usage("the provider has no such destination"),
	"module-not-found": usage("there is no such module"),
	"run-not-found": usage("no such run, or it has nothing left to recover or undo"),

	"archive-not-found": usage("there is no archive of this name"),
	"archive-ambiguous": usage("an archive of this name is in several destinations, or of several machines"),
	"archive-foreign": usage("Holdfast did not make the archive, so it does not describe itself"),
	"path-not-in-archive": usage("the archive does not hold the path"),
	"no-archive": failed("no archive can be restored, or none is complete"),
	"archive-incomplete": failed("the archive does not hold a state, or holds it incomplete"),
	"archive-damaged": failed("the archive or its description is damaged, or was changed by somebody"),
	"archive-newer": failed("a newer Holdfast made the archive"),
	"archive-not-trusted": failed(
		"the archive asks for more rights than its state has; see `restore --trust-archive`",
	),
	"archive-mismatch": failed("what the archive holds does not fit the config"),

	"repository-not-found": failed("the repository or folder of a destination is not there"),
	"repository-invalid": failed("what is at the destination's address is not a repository, or holds links"),
	"repository-moved": failed("the repository was at another address when it was last used"),
	"repository-locked": failed("another process of the engine has locked the repository"),
	"repository-damaged": failed("a check found damage, or archives that are lost"),
	"wrong-passphrase": failed("the passphrase does not open the repository, or there is none"),
	"access-refused": failed("a server refused the key or password of a destination"),
	"connection-failed": failed("a destination's server cannot be reached, or the connection broke"),
	"disk-full": failed("no space is left"),
	"disk-read-only": failed("a file system is mounted read-only"),
	"disk-not-mounted": failed("a disk that was mounted before, or must be, is not, or cannot be"),
	"disk-absent": failed("the disk of a destination is not plugged in"),
	"permission-denied": failed("this user may not read or write there"),

	"ssh-refused": failed("the machine refused the login"),
	"ssh-failed": failed("ssh could not be used; the details are its own words"),
	"host-unreachable": failed("the machine has no address, or cannot be reached"),
	"host-key-unknown": failed("the host key of the machine is not known yet"),
	"host-key-changed": failed("the machine shows another host key than the one that is known"),
	"sudo-refused": failed("sudo on the machine asks for a password, or is not there"),
	"connection-lost": failed("the connection to a machine broke; what was begun there goes on"),
	"holdfast-not-found": failed("there is no Holdfast on the machine"),
	"holdfast-incompatible": failed("the Holdfast on the machine is too old or too new for this one"),
	"machine-unfit": failed("the machine cannot run Holdfast"),
	"answer-invalid": failed("what a machine answered cannot be understood"),

	"program-not-found": failed("a program that is needed is not installed"),
	"program-failed": failed("a program that was run ended with an error; the details are its last words"),
	"output-invalid": failed("what a program printed cannot be understood"),
	"hook-failed": failed("a hook of a state ended with an error"),
	"health-check-failed": failed("a health check found a service unhealthy"),
	"unit-failed": failed("a systemd unit could not be started or stopped, or does not run"),
	"database-failed": failed("a database could not be dumped or loaded"),
	"database-not-found": failed("there is no such database"),
	"secret-unreadable": failed("a passphrase, credential or other secret cannot be read"),
	"secret-mismatch": failed("a machine has another secret than the one that is kept for it"),

	"folder-not-found": failed("a folder of a state does not exist, or everything in it is excluded"),
	"state-suspicious": failed("a state was stored, and holds far less than before or is not mounted"),
	"path-not-trusted": failed("a path is a link, or was replaced by somebody, and is not followed"),
	"path-occupied": failed("something stands where the run must put or delete something"),
	"area-missing": failed("the private folder that a run keeps copies in is not there"),
	"preflight-failed": failed("something stands in the way of the run; nothing was touched"),
	"lock-failed": failed("the machine's lock could not be taken"),
	"undo-impossible": failed("the old copy of a restore cannot be brought back, or not before another"),
	"run-died": failed("a run ended before it was done, without a word"),

	"journal-newer": failed("the journal was written by a newer Holdfast"),
	"journal-failed": failed("the journal cannot be opened or written"),
	"journal-damaged": { exit: "recover", about: "the journal is damaged" },
	"recover-failed": {
		exit: "recover",
		about: "an interrupted run could neither be finished nor rolled back",
	},
} as const satisfies Readonly<Record<string, CodeFacts>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Holdfast 0.1.0 used these instead of codes. */
const FAILED_EXITS: readonly FailedExit[] = ["failed", "usage", "locked", "recover", "interrupted"];

/**
 * The exit code of a command that failed with this code, which may come from another machine. Unknown codes count as
 * `failed`.
 */
export function exitOfCode(code: string | undefined): FailedExit {
	if (isErrorCode(code)) return ERROR_CODES[code].exit;
	return FAILED_EXITS.find((exit) => exit === code) ?? "failed";
}

/** The name of an error's exit code; undefined for a number that is not one. */
export function failedExitOf(code: number): FailedExit | undefined {
	return FAILED_EXITS.find((exit) => EXIT[exit] === code);
}

export function isErrorCode(code: string | undefined): code is ErrorCode {
	return code !== undefined && Object.hasOwn(ERROR_CODES, code);
}
