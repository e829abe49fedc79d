// One connection to a machine for everything that a command does there, by the system's ssh: its config, aliases, jump
// hosts, agent and known hosts are the user's. A single session connects directly; several share a master connection.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, cleanEnvironment, describeEnd, type ExecOptions, start } from "../host/exec.ts";
import { HoldfastError } from "../values/error.ts";
import type { ErrorCode } from "../values/error-codes.ts";
import { layoutOf } from "./layout.ts";

export interface Address {
	/** The machine's name, for messages. */
	readonly machine: string;
	/** The address, in ssh's form. */
	readonly host: string;
	/** Become root there with sudo, without a password. */
	readonly sudo: boolean;
	/** A file to use instead of the user's own ssh config. */
	readonly config?: string | undefined;
}

/** Seconds until a host that does not answer counts as down. */
const CONNECT_SECONDS = 15;
/** Seconds of silence after which a connection counts as broken: three missed answers, five seconds apart. */
const ALIVE = ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"];
const LOOK_AGAIN_MS = 10;

/** How long a machine may take to answer; overridden by HOLDFAST_ANSWER_SECONDS. */
export function answerSeconds(): number {
	const given = Number(process.env.HOLDFAST_ANSWER_SECONDS);
	return given > 0 ? given : 900;
}

/** Time to log in, which may require touching a security key, and to send the greeting. */
export const greetingSeconds = (): number => Math.min(120, answerSeconds());

export class Connection {
	readonly address: Address;
	readonly #words: readonly string[];
	/** Closes the connection that the sessions share. */
	readonly #end: () => Promise<void>;

	private constructor(address: Address, words: readonly string[], end: () => Promise<void>) {
		this.address = address;
		this.#words = words;
		this.#end = end;
	}

	/** For one session: it connects when it starts, and its output shows whether that succeeded. */
	static forOne(address: Address): Connection {
		return new Connection(address, [...wordsOf(address), "-o", "ControlPath=none"], async () => {});
	}

	/** Connects and authenticates; later sessions share this connection. Close it. */
	static open(address: Address, signal: AbortSignal): Promise<Connection> {
		return throughCrowd(signal, () => Connection.#open(address, signal));
	}

	static async #open(address: Address, signal: AbortSignal): Promise<Connection> {
		// The path must be short: a socket's path has at most 108 bytes.
		const folder = mkdtempSync(join(tmpdir(), "holdfast-ssh-"));
		const socket = join(folder, "c");
		const words = [...wordsOf(address), "-o", `ControlPath=${socket}`];
		const stop = new AbortController();
		try {
			const master = await start([...words, "-o", "ControlMaster=yes", "-N", "-T", "--", address.host], {
				env: environment(),
				// Once connected, an interrupted command still needs it to cancel the run there.
				signal: stop.signal,
			});
			const ended = master.done.then((result) => {
				signal.throwIfAborted();
				throw explained(address, result.stderr, describeEnd(result));
			});
			ended.catch(() => {});
			const seconds = greetingSeconds();
			const until = performance.now() + seconds * 1000;
			while (!existsSync(socket)) {
				signal.throwIfAborted();
				if (performance.now() > until)
					throw explained(address, [], `did not log in within ${seconds} seconds`);
				await Promise.race([ended, pause(LOOK_AGAIN_MS)]);
			}
			return new Connection(address, words, async () => {
				stop.abort();
				await master.done.catch(() => {});
				rmSync(folder, { recursive: true, force: true });
			});
		} catch (error) {
			stop.abort();
			rmSync(folder, { recursive: true, force: true });
			throw error;
		}
	}

	/** Start a program there, as root if the address says so. */
	start(argv: readonly string[], options: Omit<ExecOptions, "env"> = {}): Promise<Child> {
		return this.#session(this.address.sudo ? ["sudo", "-n", "--", ...argv] : argv, options);
	}

	/** Start the Holdfast that was installed there, by a deploy or a package. */
	startHoldfast(argv: readonly string[], options: Omit<ExecOptions, "env"> = {}): Promise<Child> {
		return this.#session(["sh", "-c", findHoldfast(this.address), "sh", ...argv], options);
	}

	#session(words: readonly string[], options: Omit<ExecOptions, "env">): Promise<Child> {
		// sshd passes a single string to the remote user's login shell, which may be any.
		const command = words.map(quoted).join(" ");
		return start([...this.#words, "-o", "ControlMaster=no", "-T", "--", this.address.host, command], {
			...options,
			env: environment(),
		});
	}

	/** Explain a failed session; `noise` is what it printed to standard output instead of an answer. */
	fault(stderr: readonly string[], otherwise: string, noise: readonly string[] = []): HoldfastError {
		return explained(this.address, stderr, otherwise, noise);
	}

	close(): Promise<void> {
		return this.#end();
	}
}

/**
 * The connection was dropped before the login: sshd drops some at random while ten others have not logged in yet
 * (`MaxStartups`, sshd_config(5)). This happens mostly at a jump host in front of many machines.
 */
class Crowded extends HoldfastError {}

/** Maximum milliseconds before each retry. */
const CROWD_PAUSES = [500, 1_000, 2_000, 4_000, 8_000];

/** Connects, and retries while the connection is dropped before the login. Random delays spread the retries. */
export async function throughCrowd<T>(signal: AbortSignal, connect: () => Promise<T>): Promise<T> {
	for (const longest of CROWD_PAUSES)
		try {
			return await connect();
		} catch (error) {
			if (!(error instanceof Crowded)) throw error;
			await pause(longest * Math.random(), undefined, { signal }).catch(() => {});
			signal.throwIfAborted();
		}
	return connect();
}

function wordsOf({ config }: Address): string[] {
	return [
		"ssh",
		...(config === undefined ? [] : ["-F", config]),
		...["-o", "BatchMode=yes", "-o", `ConnectTimeout=${CONNECT_SECONDS}`, ...ALIVE],
		// Overrides settings in the user's config that are meant for interactive use.
		...["-o", "LogLevel=ERROR", "-o", "ControlPersist=no", "-o", "RemoteCommand=none"],
	];
}

function environment(): Record<string, string> {
	const { SSH_AUTH_SOCK } = process.env;
	return { ...cleanEnvironment(), ...(SSH_AUTH_SOCK ? { SSH_AUTH_SOCK } : {}) };
}

/**
 * Quote one word for a POSIX shell. Without a newline in it, fish and tcsh read it the same: inside single quotes, fish
 * knows an escaped `\` and tcsh expands `!`.
 */
export function quoted(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/['!\\]/g, "'\\$&'")}'`;
}

/**
 * A deployed Holdfast is started by its full path: neither sudo's `secure_path` nor the PATH of a session without a
 * terminal has to contain its folder. The path is for root, or else for the user who logs in.
 */
function findHoldfast({ sudo }: Address): string {
	const path = sudo
		? `p=${layoutOf().program}`
		: `if [ "$(id -u)" = 0 ]; then p=${layoutOf().program}; else p="${layoutOf("$HOME").program}"; fi`;
	return `${path}; [ -x "$p" ] || p=holdfast; exec ${sudo ? "sudo -n -- " : ""}"$p" "$@"`;
}

/** What sudo, env and the shells (sh, bash, zsh, fish, tcsh) say of a program that does not exist. */
function missing(program: string): RegExp {
	const path = `(\\S*/)?${program}(/\\S*)?`;
	return new RegExp(
		`(^|[\\s'‘])${path}['’]?: ((command )?not found|no such file)|(command not found|no such file or directory|unknown command):? '?${path}\\b`,
		"im",
	);
}

/** Messages of ssh, sudo and the remote shell, and what to do about them. Wording of OpenSSH 9.2 and sudo 1.9. */
const MEANINGS: readonly {
	readonly code: ErrorCode;
	readonly words: RegExp;
	readonly message: (address: Address) => string;
	readonly hint: (address: Address) => string;
	readonly Fault?: typeof Crowded;
}[] = [
	{
		code: "host-key-changed",
		words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
		message: ({ machine, host }) => `${machine} (${host}) shows another host key than the one that is known`,
		hint: ({ host }) =>
			`was it reinstalled? Compare the fingerprint by another way; if it is right: ssh-keygen -R ${hostOnly(host)}, then ssh ${host} once. If not, somebody else answers: nothing was sent`,
	},
	{
		code: "host-key-unknown",
		words: /Host key verification failed/,
		message: ({ machine, host }) => `the host key of ${machine} (${host}) is not known yet`,
		hint: ({ host }) => `connect once by hand and compare the fingerprint: ssh ${host}`,
	},
	{
		code: "ssh-refused",
		words: /Permission denied|Too many authentication failures|no mutual signature/,
		message: ({ machine, host }) => `${machine} (${host}) refused the login`,
		hint: ({ host }) => `ssh ${host} must work without a question: is your key there, and in your agent?`,
	},
	{
		code: "sudo-refused",
		words: /sudo: .*(password is required|terminal is required)/,
		message: ({ machine, host }) => `sudo on ${machine} (${host}) asks for a password`,
		hint: () =>
			"allow it in /etc/sudoers.d/ there: USER ALL=(root) NOPASSWD: ALL; or connect as root and leave deploy.sudo out",
	},
	{
		code: "sudo-refused",
		words: missing("sudo"),
		message: ({ machine, host }) => `there is no sudo on ${machine} (${host})`,
		hint: () => "connect as root and leave deploy.sudo out, or install it",
	},
	{
		code: "ssh-refused",
		words: /This account is (currently )?not available/,
		message: ({ machine, host }) => `the account on ${machine} (${host}) has no login shell`,
		hint: () => "give it one there (chsh -s /bin/sh USER), or log in as somebody else",
	},
	{
		code: "holdfast-not-found",
		words: missing("holdfast"),
		message: ({ machine, host }) => `there is no Holdfast on ${machine} (${host})`,
		hint: ({ machine }) => `put it there: holdfast deploy ${machine}`,
	},
	{
		code: "host-unreachable",
		words: /Could not resolve hostname|Name or service not known/,
		message: ({ machine, host }) => `the host of ${machine}, ${host}, has no address`,
		hint: () => "is its name right, and the name server reachable?",
	},
	{
		code: "ssh-failed",
		words: /Bad configuration option|Can't open user config file/,
		message: ({ machine, config }) =>
			`ssh cannot read its config for ${machine}${config ? `: ${config}` : ""}`,
		hint: () => "the lines above say where",
	},
	{
		code: "host-unreachable",
		words: /kex_exchange_identification: /,
		message: ({ machine, host }) => `${machine} (${host}) closed the connection before it began`,
		hint: () =>
			"its log says why (journalctl -u ssh); when many connect at once, a jump host's: raise its MaxStartups, or work on fewer with --parallel",
		Fault: Crowded,
	},
	{
		code: "host-unreachable",
		words:
			/Connection refused|Connection timed out|No route to host|Network is unreachable|Connection reset|Connection closed|not responding|Broken pipe/,
		message: ({ machine, host }) => `${machine} (${host}) cannot be reached`,
		hint: ({ host }) => `is it up, and does ssh ${host} work?`,
	},
];

function hostOnly(host: string): string {
	return host.replace(/^ssh:\/\//, "").replace(/^[^@]*@/, "");
}

function explained(
	address: Address,
	stderr: readonly string[],
	otherwise: string,
	noise: readonly string[] = [],
): HoldfastError {
	const meaningOf = (lines: readonly string[]) => {
		const text = lines.join("\n");
		return MEANINGS.find(({ words }) => words.test(text));
	};
	const meaning = meaningOf(stderr) ?? meaningOf(noise);
	const Fault = meaning?.Fault ?? HoldfastError;
	return new Fault(
		meaning?.code ?? "ssh-failed",
		meaning ? meaning.message(address) : `ssh to ${address.machine} (${address.host}) ${otherwise}`,
		{
			subject: address.machine,
			details: [...noise, ...stderr].slice(-10),
			hint: meaning?.hint(address) ?? `try it by hand: ssh ${address.host}`,
		},
	);
}
