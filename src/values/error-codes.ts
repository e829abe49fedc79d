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

interface CodeFacts<S = string | undefined> {
	/** The exit code of a command that fails with it. */
	readonly exit: FailedExit;
	/** A sentence without a full stop, for the reference. */
	readonly about: string;
	/** What the `subject` of such an error is. Whoever throws one with this code must then set it. */
	readonly subject: S;
}

const withExit =
	(exit: FailedExit) =>
	<S extends string | undefined = undefined>(about: string, subject?: S): CodeFacts<S> => ({
		...{ exit, about },
		subject: subject as S,
	});
const failed = withExit("failed");
const usage = withExit("usage");

export const ERROR_CODES = {
	failed: failed("an error without a specific code; see the message"),
	interrupted: withExit("interrupted")("interrupted by a signal or Ctrl-C; changes were rolled back"),
	locked: withExit("locked")("another run is active on this machine"),

	usage: usage("the command line is not valid, or two of its arguments are mutually exclusive"),
	"confirmation-needed": usage("the command needs a confirmation, but there is no terminal and no `--yes`"),
	"not-confirmed": failed(
		"the question was answered with no, what would be removed could not be shown, or the plan has changed since it was shown",
	),
	"not-supported": usage("the engine does not support this"),
	"file-exists": usage("a file or folder that would be written already exists", "the file or folder"),

	"config-not-found": usage("no config file was found"),
	"config-invalid": usage(
		"the config or manifest cannot be read or is not valid; the details show the lines",
		"the file, or what in it is wrong",
	),
	"config-not-trusted": usage(
		"users other than root could change the config, so it was not read",
		"the config file or flake",
	),
	"nix-failed": usage("the Nix flake could not be evaluated"),
	"machine-not-found": usage(
		"the config has no such machine, or no machine with the tag",
		"the machine, tag or config file",
	),
	"machine-ambiguous": usage("the command does not say which of several machines is meant"),
	"state-not-found": usage(
		"the machine has no such state",
		"the state, or the folders or machine without one",
	),
	"provider-not-found": usage("the machine has no such provider", "the provider, or the machine without one"),
	"destination-not-found": usage("the provider has no such destination", "the destination"),
	"module-not-found": usage("the module does not exist", "the module"),
	"run-not-found": usage("no such run, or it has nothing left to recover or undo", "the run"),

	"archive-not-found": usage("no archive has this name", "the archive"),
	"archive-ambiguous": usage(
		"an archive of this name is in several destinations, several archives begin so, or they are of several machines",
		"the archive or repository",
	),
	"archive-foreign": usage(
		"the archive was not created by Holdfast, so it has no description",
		"the archive",
	),
	"path-not-in-archive": usage("the archive does not contain the path", "the path"),
	"no-archive": failed("no archive can be restored, or none is complete"),
	"archive-incomplete": failed("the archive does not contain a state, or not all of it", "the archive"),
	"archive-damaged": failed("the archive or its description is damaged or was modified"),
	"archive-newer": failed("the archive was created by a newer version of Holdfast", "the archive"),
	"archive-not-trusted": failed(
		"the archive asks for more rights than its state has; see `restore --trust-archive`",
	),
	"archive-mismatch": failed(
		"the content of the archive does not match the config",
		"the folder, database or state",
	),

	"repository-not-found": failed(
		"the repository or folder of a destination does not exist",
		"the repository",
	),
	"repository-invalid": failed(
		"the destination exists but is not a repository, or it contains links",
		"the repository",
	),
	"repository-moved": failed("the repository was at another address when it was last used", "the repository"),
	"repository-locked": failed("another process of the engine has locked the repository", "the repository"),
	"repository-damaged": failed("a check found damage, or archives that are lost", "the repository"),
	"wrong-passphrase": failed("the passphrase of the repository is wrong or missing", "the repository"),
	"access-refused": failed("a server refused the key or password of a destination", "the repository"),
	"connection-failed": failed(
		"a destination's server cannot be reached, or the connection broke",
		"the repository",
	),
	"disk-full": failed("no space is left", "the path, repository or machine"),
	"disk-read-only": failed("a file system is mounted read-only", "the path or repository"),
	"disk-not-mounted": failed(
		"a disk that was mounted before or must be mounted is not, or cannot be mounted",
		"the path, mount point or destination",
	),
	"disk-absent": failed("the disk of a destination is not attached", "the destination"),
	"permission-denied": failed("this user may not read or write there", "the path"),

	"ssh-refused": failed("the machine refused the login", "the machine"),
	"ssh-failed": failed("ssh failed; the details are its messages", "the machine"),
	"host-unreachable": failed("the machine has no address, or cannot be reached", "the machine"),
	"host-key-unknown": failed("the host key of the machine is not known yet", "the machine"),
	"host-key-changed": failed("the machine shows another host key than the one that is known", "the machine"),
	"sudo-refused": failed("sudo on the machine asks for a password, or is not installed", "the machine"),
	"connection-lost": failed("the connection to a machine was lost; its run continues there", "the machine"),
	"holdfast-not-found": failed("Holdfast is not installed on the machine", "the machine"),
	"holdfast-incompatible": failed(
		"the Holdfast on the machine is too old or too new for this one",
		"the machine",
	),
	"machine-unfit": failed("the machine cannot run Holdfast", "the machine"),
	"answer-invalid": failed("the answer of a machine cannot be parsed", "the machine"),

	"program-not-found": failed("a required program is not installed", "the program"),
	"program-failed": failed(
		"a program failed; the details are its last messages",
		"the program, or what it worked on",
	),
	"output-invalid": failed("the output of a program cannot be parsed", "the program or provider"),
	"hook-failed": failed("a hook of a state failed", "the hook and its state or destination"),
	"health-check-failed": failed("a health check found a service unhealthy", "the health check"),
	"unit-failed": failed(
		"a systemd unit could not be started or stopped, or is not running",
		"the unit, or several",
	),
	"database-failed": failed("a database could not be dumped or loaded"),
	"database-not-found": failed("the database does not exist", "the database"),
	"secret-unreadable": failed(
		"a passphrase, credential or other secret cannot be read",
		"the file, credential or command",
	),
	"secret-unsuitable": failed(
		"a passphrase is not suitable for a new repository",
		"the file, the credential or the command",
	),
	"secret-mismatch": failed("a machine's secret differs from the one that is stored for it", "the file"),

	"folder-not-found": failed(
		"a folder of a state does not exist, or everything in it is excluded",
		"the folder, or several",
	),
	"state-suspicious": failed(
		"a state was stored, but is much smaller than before, its disk is not mounted, or it is less consistent than promised",
		"the state",
	),
	"path-not-trusted": failed(
		"a path is a link or was replaced by another user, and is not followed",
		"the path",
	),
	"snapshot-failed": failed("no snapshot could be taken of a state that requires one", "the state"),
	"path-occupied": failed("an unexpected file or folder is in a place that the run must change", "the path"),
	"area-missing": failed("the private folder in which a run keeps copies is missing", "the folder"),
	"preflight-failed": failed("something prevents the run; nothing was changed"),
	"lock-failed": failed("the machine's lock could not be taken", "the folder"),
	"undo-impossible": failed(
		"the old copy of a restore cannot be put back, or another restore must be undone first",
		"the run, state, database or folder",
	),
	"run-died": failed("a run ended unexpectedly and reported no result"),

	"journal-newer": failed("the journal was written by a newer version of Holdfast", "its folder"),
	"journal-failed": failed("the journal cannot be opened or written", "its folder"),
	"journal-damaged": withExit("recover")("the journal is damaged", "its folder, or the step"),
	"recover-failed": withExit("recover")(
		"an interrupted run could neither be finished nor rolled back",
		"the run",
	),
} as const satisfies Readonly<Record<string, CodeFacts>>;

export type ErrorCode = keyof typeof ERROR_CODES;
/** The codes of errors that are about one thing. */
export type CodeWithSubject = {
	[C in ErrorCode]: (typeof ERROR_CODES)[C]["subject"] extends string ? C : never;
}[ErrorCode];

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
