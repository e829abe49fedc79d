// What a session that failed printed, and what to do about it.
import { homedir } from "node:os";
import { join } from "node:path";
import { HoldfastError } from "../values/error.ts";
import type { ErrorCode } from "../values/error-codes.ts";
import { quoted } from "./quoted.ts";
import type { Said } from "./ssh-words.ts";

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

/**
 * The connection was dropped before the login: sshd drops some at random while ten others have not logged in yet
 * (`MaxStartups`, sshd_config(5)). This happens mostly at a jump host in front of many machines.
 */
export class TooManyConnections extends HoldfastError {}

/** What sudo, env and the shells (sh, bash, zsh, fish, tcsh) say of a program that does not exist. */
function missing(program: string): RegExp {
	const path = `(\\S*/)?${program}(/\\S*)?`;
	return new RegExp(
		`(^|[\\s'‘])${path}['’]?: ((command )?not found|no such file)|(command not found|no such file or directory|unknown command):? '?${path}\\b`,
		"im",
	);
}

interface Meaning {
	readonly code: ErrorCode;
	readonly words: RegExp;
	readonly message: (address: Address) => string;
	readonly hint: (address: Address, said: string) => string;
	readonly Fault?: typeof TooManyConnections;
}

/** Messages of ssh, and what to do about them. Wording of OpenSSH 9.2. */
const OF_SSH: readonly Meaning[] = [
	{
		code: "host-key-changed",
		words: /^@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! +@$/m,
		message: ({ machine, host }) => `the host key of ${machine} (${host}) has changed`,
		hint: ({ host }, said) =>
			`if it was reinstalled, verify the new fingerprint in another way; if it is right: ${forget(host, said)}, then ssh ${host} once. If it is not, another machine is answering; nothing was sent`,
	},
	{
		code: "host-key-unknown",
		words: /^Host key verification failed\.$/m,
		message: ({ machine, host }) => `the host key of ${machine} (${host}) is not known`,
		hint: ({ host }) => `connect once by hand and compare the fingerprint: ssh ${host}`,
	},
	{
		code: "ssh-refused",
		words: /Permission denied|Too many authentication failures|no mutual signature/,
		message: ({ machine, host }) => `${machine} (${host}) refused the login`,
		hint: ({ host }) =>
			`ssh ${host} must work without asking anything; check that your key is authorized there and loaded in your agent`,
	},
	{
		code: "host-unreachable",
		words: /Could not resolve hostname|Name or service not known/,
		message: ({ machine, host }) => `${machine} (${host}) has no address`,
		hint: () => "check its name, and whether the name server can be reached",
	},
	{
		code: "ssh-failed",
		words: /Bad configuration option|Can't open user config file/,
		message: ({ machine, config }) =>
			`ssh cannot read its config for ${machine}${config ? `: ${config}` : ""}`,
		hint: () => "see the lines above",
	},
	{
		code: "host-unreachable",
		words: /kex_exchange_identification: /,
		message: ({ machine, host }) => `${machine} (${host}) closed the connection before it was established`,
		hint: () =>
			"see its log (journalctl -u ssh), or the jump host's; if many connections are opened at once, raise MaxStartups there or use a smaller --parallel",
		Fault: TooManyConnections,
	},
	{
		code: "host-unreachable",
		words:
			/Connection refused|Connection timed out|No route to host|Network is unreachable|Connection reset|Connection closed|not responding|Broken pipe/,
		message: ({ machine, host }) => `${machine} (${host}) cannot be reached`,
		hint: ({ host }) => `check that it is up and that this works: ssh ${host}`,
	},
];

/** Messages of sudo 1.9, nologin and the shell on a machine. */
const OF_MACHINE: readonly Meaning[] = [
	{
		code: "sudo-refused",
		words: /sudo: .*(password is required|terminal is required)/,
		message: ({ machine, host }) => `sudo on ${machine} (${host}) asks for a password`,
		hint: () =>
			"allow it in /etc/sudoers.d/ there: USER ALL=(root) NOPASSWD: ALL; or connect as root and remove deploy.sudo",
	},
	{
		code: "sudo-refused",
		words: /sudo: .*must have a tty/,
		message: ({ machine, host }) => `sudo on ${machine} (${host}) works only on a terminal`,
		hint: () =>
			"allow it without one in /etc/sudoers.d/ there: Defaults:USER !requiretty; or connect as root and remove deploy.sudo",
	},
	{
		code: "sudo-refused",
		words: missing("sudo"),
		message: ({ machine, host }) => `sudo is not installed on ${machine} (${host})`,
		hint: () => "connect as root and remove deploy.sudo, or install sudo",
	},
	{
		code: "ssh-refused",
		words: /This account is (currently )?not available/,
		message: ({ machine, host }) => `the account on ${machine} (${host}) has no login shell`,
		hint: () => "give it one there (chsh -s /bin/sh USER), or log in as another user",
	},
	{
		code: "holdfast-not-found",
		words: missing("holdfast"),
		message: ({ machine, host }) => `Holdfast is not installed on ${machine} (${host})`,
		hint: ({ machine }) => `install it with: holdfast deploy ${machine}`,
	},
];

/**
 * The command that removes a known key. ssh says under which name it knows the host, with its port, and in which file; a
 * Debian ssh suggests the same.
 */
function forget(host: string, said: string): string {
	const name =
		/^Host key for (\S+) has changed/m.exec(said)?.[1] ??
		host.replace(/^ssh:\/\//, "").replace(/^[^@]*@/, "");
	const file = /^Offending .* in (.+):\d+\s*$/m.exec(said)?.[1];
	const isUsual = file === undefined || file === join(homedir(), ".ssh/known_hosts");
	return ["ssh-keygen", ...(isUsual ? [] : ["-f", quoted(file)]), "-R", quoted(name)].join(" ");
}

/** In these, a jump host's ssh names its host. */
const NAMES_JUMP_HOST = [
	/^ssh: connect to host (\S+) port /m,
	/^ssh: Could not resolve hostname (\S+):/m,
	/^(\S+): Permission denied \(/m,
	/ host key is known for (\S+) and you have requested/,
	/^Host key for (\S+) has changed/m,
];

const NOTHING_CAME = "kex_exchange_identification: ";

/** A jump host's ssh explains itself before ssh says that nothing came of it. It may also explain that it cannot go on. */
function ofJumpHost(
	address: Address,
	{ ssh, stderr }: Said,
): { address: Address; said: readonly string[] } | undefined {
	// What a server ends its refusal with is not in `ssh`.
	if (!stderr.some((line) => line.startsWith(NOTHING_CAME))) return undefined;
	const end = ssh.findLastIndex((line) => line.startsWith(NOTHING_CAME));
	const said = end < 0 ? ssh : ssh.slice(0, end);
	const text = said.join("\n");
	const host = NAMES_JUMP_HOST.map((names) => names.exec(text)?.[1]).find((name) => name !== undefined);
	if (host === undefined || /^channel \d+: open failed/m.test(text)) return undefined;
	return { address: { ...address, machine: `the jump host of ${address.machine}`, host }, said };
}

/** Explain a failed session; `noise` is what it printed to standard output instead of an answer. */
export function explained(
	address: Address,
	said: Said,
	otherwise: string,
	noise: readonly string[] = [],
): HoldfastError {
	const { stderr, ssh } = said;
	const jump = ofJumpHost(address, said);
	const ofJump = meaningOf(jump?.said ?? [], OF_SSH);
	const meaning =
		ofJump ?? meaningOf(ssh, OF_SSH) ?? meaningOf(stderr, OF_MACHINE) ?? meaningOf(noise, OF_MACHINE);
	const whose = (ofJump && jump?.address) ?? address;
	const Fault = meaning?.Fault ?? HoldfastError;
	return new Fault(
		meaning?.code ?? "ssh-failed",
		meaning ? meaning.message(whose) : `ssh to ${address.machine} (${address.host}) ${otherwise}`,
		{
			subject: address.machine,
			details: [...noise, ...stderr].slice(-10),
			hint: meaning?.hint(whose, ssh.join("\n")) ?? `try it by hand: ssh ${address.host}`,
		},
	);
}

function meaningOf(lines: readonly string[], meanings: readonly Meaning[]): Meaning | undefined {
	const text = lines.join("\n");
	return meanings.find(({ words }) => words.test(text));
}
