// One connection to a machine for everything that a command does there, by the system's ssh: its config, aliases, jump
// hosts, agent and known hosts are the user's. A single session connects directly; several share a master connection.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cleanEnvironment, describeEnd, type ExecOptions, start } from "../host/exec.ts";
import { places } from "../host/places.ts";
import { counted } from "../values/counted.ts";
import type { HoldfastError } from "../values/error.ts";
import { layoutOf } from "./layout.ts";
import { quoted } from "./quoted.ts";
import { type Address, explained, TooManyConnections } from "./ssh-faults.ts";
import { openLog, type Said, type Session, saidBySsh, saidIn, sessionOf } from "./ssh-words.ts";

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
		return connectWithRetries(signal, () => Connection.#open(address, signal));
	}

	static async #open(address: Address, signal: AbortSignal): Promise<Connection> {
		const folder = privateFolder();
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
				throw explained(address, saidBySsh(result.stderr), describeEnd(result));
			});
			ended.catch(() => {});
			const seconds = greetingSeconds();
			const until = performance.now() + seconds * 1000;
			while (!existsSync(socket)) {
				signal.throwIfAborted();
				if (performance.now() > until)
					throw explained(address, saidBySsh([]), `did not log in within ${counted(seconds, "second")}`);
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
	start(argv: readonly string[], options: Omit<ExecOptions, "env"> = {}): Promise<Session> {
		return this.#session(this.address.sudo ? ["sudo", "-n", "--", ...argv] : argv, options);
	}

	/** Start the Holdfast that was installed there, by a deploy or a package. */
	startHoldfast(argv: readonly string[], options: Omit<ExecOptions, "env"> = {}): Promise<Session> {
		// Only root may be able to look into the folder, so root looks.
		return this.start(["sh", "-c", findHoldfast(this.address), "sh", ...argv], options);
	}

	async #session(words: readonly string[], options: Omit<ExecOptions, "env">): Promise<Session> {
		// sshd passes a single string to the remote user's login shell, which may be any.
		const command = words.map(quoted).join(" ");
		const log = openLog(privateFolder());
		const ssh = [...this.#words, "-E", log.path, "-o", "ControlMaster=no", "-T"];
		const closed = (error: unknown): never => {
			log.close();
			throw error;
		};
		const child = await start([...ssh, "--", this.address.host, command], {
			...options,
			env: environment(),
		}).catch(closed);
		const done = child.done.then((result) => ({ ...result, ...saidIn(log.close(), result.stderr) }), closed);
		return sessionOf(child, done);
	}

	/** Explain a failed session; `noise` is what it printed to standard output instead of an answer. */
	fault(said: Said, otherwise: string, noise: readonly string[] = []): HoldfastError {
		return explained(this.address, said, otherwise, noise);
	}

	close(): Promise<void> {
		return this.#end();
	}
}

/** Maximum milliseconds before each retry. */
const CROWD_PAUSES = [500, 1_000, 2_000, 4_000, 8_000];

/** Connects, and retries while the connection is dropped before the login. Random delays spread the retries. */
export async function connectWithRetries<T>(signal: AbortSignal, connect: () => Promise<T>): Promise<T> {
	for (const longest of CROWD_PAUSES)
		try {
			return await connect();
		} catch (error) {
			if (!(error instanceof TooManyConnections)) throw error;
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

/** The user's own, which ssh's config may refer to: `IdentityFile ${KEYS}/web`, `Match exec`, a ProxyCommand. */
function environment(): Record<string, string> {
	const own = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
		// Debian's ssh passes these on, and messages in other languages would not be understood.
		value === undefined || name.startsWith("LC_") || name === "LANGUAGE" ? [] : [[name, value]],
	);
	return { ...Object.fromEntries(own), ...cleanEnvironment() };
}

/** Maximum characters of the folder's path: a socket's has at most 107, and ssh appends 17 while it makes the socket. */
const MAX_FOLDER = 107 - 17 - "/ssh-XXXXXX/c".length;

/** A new private folder whose path is short; a TMPDIR may be long. */
function privateFolder(): string {
	const { runtime } = places();
	// In an option of ssh, blanks and `%` would have a meaning.
	if (runtime.length > MAX_FOLDER || !/^[\w./-]+$/.test(runtime)) return mkdtempSync("/tmp/holdfast-ssh-");
	mkdirSync(runtime, { recursive: true, mode: 0o700 });
	return mkdtempSync(join(runtime, "ssh-"));
}

/**
 * A deployed Holdfast is started by its full path: neither sudo's `secure_path` nor the PATH of a session without a
 * terminal has to contain its folder. The path is for root, or else for the user who logs in.
 */
function findHoldfast({ sudo }: Address): string {
	const path = sudo
		? `p=${layoutOf().program}`
		: `if [ "$(id -u)" = 0 ]; then p=${layoutOf().program}; else p="${layoutOf("$HOME").program}"; fi`;
	return `${path}; [ -x "$p" ] || p=holdfast; exec "$p" "$@"`;
}
