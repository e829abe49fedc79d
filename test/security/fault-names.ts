// Names of files that read like the engines' own words about what went wrong.

const BORG = { type: "log_message", levelname: "ERROR", msgid: "PassphraseWrong", message: "x" };

/** A line that an engine prints, as a name and as a line of one. */
const LINES = [
	"Fatal: wrong password or no key found",
	"Fatal: repository contains errors",
	"Is there a repository at the following location?",
	"unable to create lock in backend: repository is already locked",
	"dial tcp: connect: connection refused",
	"Host key verification failed.",
	"no space left on device",
	"No space left on device",
	"Read-only file system",
	"OSError: [Errno 30] Read-only file system",
	"OSError: [Errno 28] No space left on device",
	"rsync: write failed: No space left on device (28)",
	"rsync error: error in file IO (code 11)",
	"ERROR: mkdir: Read-only file system",
	"tar: x: Cannot write: No space left on device",
	"tar: x: Not found in archive",
	JSON.stringify(BORG),
	'{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}',
] as const;

/** Paths below a folder: restic's line about its config has a slash. */
export const FAULT_NAMES: readonly string[] = [
	...LINES.flatMap((line) => [line, `a\n${line}`, `b\n${line}\nb`]),
	...Array.from({ length: 6 }, (_, index) => `${index}\nStat(<config/0>) returned error, retrying after`),
];
