// SIGINT, SIGTERM and SIGQUIT ask a command to stop. The first one cancels the current work. A later one never skips an
// undo, but immediately ends whatever only reads, prompts or waits. SIGHUP means that the terminal is gone: it ends whatever
// only reads or prompts. Work that has begun to change something continues to its end without a terminal.
import type { Work } from "../engines/destination.ts";
import { stopWaitingForReader } from "../report/outlet.ts";
import { printMessage, resultsAreSecondary } from "../report/terminal.ts";

const NAMES = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;
/** By default these would end the process in mid-work, which no sender intends. SIGUSR1 is disabled in bin/holdfast. */
const MEANT_FOR_OTHERS = ["SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPWR", "SIGXCPU", "SIGIO"] as const;
type Name = (typeof NAMES)[number] | "SIGHUP";

/** Longer than the time that a child process has between SIGTERM and SIGKILL (host/exec.ts). */
const CANCEL_MS = 12_000;
const LEAVE_MS = 3_000;
/** One Ctrl-C may arrive twice: from the terminal, and from sudo, npx or timeout, which forward it. */
const SAME_PRESS_MS = 50;

const first = new AbortController();
const second = new AbortController();
let isListening = false;
let lastName: Name = "SIGTERM";
let firstHeard = Number.NEGATIVE_INFINITY;
/** Work in progress that is undone when cancelled, here or on another machine; `shown`: work that needs somebody to watch. */
const undone = { here: 0, there: 0 };
let shown = 0;
/** Something was changed, here or there: losing the terminal now costs the last messages, not the exit code. */
let hasBegun = false;
const hangup = new AbortController();

/** Aborted by the first SIGINT or SIGTERM. From the first call on, signals behave as described above. */
export function interruptible(): AbortSignal {
	if (!isListening) {
		for (const name of NAMES) process.on(name, () => heard(name));
		process.on("SIGHUP", heardHangup);
		for (const name of MEANT_FOR_OTHERS) process.on(name, () => {});
	}
	isListening = true;
	return first.signal;
}

export const wasInterrupted = (): boolean => first.signal.aborted;

/** Aborted by the second signal: stop waiting for another machine's undo. */
export const secondSignal: AbortSignal = second.signal;

/** Aborted when the terminal goes away while the current work continues. */
export const terminalGone: AbortSignal = hangup.signal;

/** Work that serves a person at the terminal and is undone when they leave, such as a mounted archive. */
export async function whileShown<T>(work: () => Promise<T>): Promise<T> {
	shown++;
	try {
		return await counted("here", work);
	} finally {
		shown--;
	}
}

/** Work that is undone when cancelled, or must be completed: further signals do not end the process before that. */
export const untilUndone = <T>(work: () => Promise<T>): Promise<T> => counted("here", work);

/** Work on another machine, which continues or is undone there without this process: a second signal disconnects. */
export const untilUndoneThere = <T>(work: () => Promise<T>): Promise<T> => counted("there", work);

async function counted<T>(where: keyof typeof undone, work: () => Promise<T>): Promise<T> {
	undone[where]++;
	if (shown === 0) {
		hasBegun = true;
		resultsAreSecondary();
	}
	try {
		return await work();
	} finally {
		undone[where]--;
		if (first.signal.aborted) endWithin(CANCEL_MS);
	}
}

function heard(name: Name): void {
	const isSame = name === lastName && performance.now() - firstHeard < SAME_PRESS_MS;
	lastName = name;
	if (!first.signal.aborted) {
		const what =
			undone.here > shown
				? " and rolling back"
				: undone.there > 0
					? " and rolling back there; press again to disconnect"
					: "";
		printMessage(["", `${name}: stopping${what} …`]);
		firstHeard = performance.now();
		first.abort();
		stopWaitingForReader();
		endWithin(CANCEL_MS);
	} else if (isSame) return;
	else if (undone.here > 0) printMessage(`${name}: still rolling back`);
	else {
		second.abort();
		if (undone.there > 0) endWithin(LEAVE_MS);
		else end();
	}
}

function heardHangup(): void {
	if (shown > 0) heard("SIGHUP");
	else if (hasBegun) hangup.abort();
	else {
		lastName = "SIGHUP";
		end();
	}
}

/** A call that hangs, such as opening a file that never answers, does not react to an abort signal. */
function endWithin(milliseconds: number): void {
	setTimeout(() => {
		if (undone.here === 0 && (undone.there === 0 || second.signal.aborted)) end();
	}, milliseconds).unref();
}

/** End as the signal itself would have: Node's own exit waits for every file that it is opening. */
function end(): void {
	process.removeAllListeners(lastName);
	process.kill(process.pid, lastName);
}

/** Work whose answer is awaited and whose progress and log nobody reads. */
export function unwatched(signal: AbortSignal): Work {
	const warn = (line: string) => printMessage(`! ${line}`);
	return { signal, watched: false, interactive: true, progress: () => {}, log: () => {}, warn };
}
