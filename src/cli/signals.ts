// SIGINT, SIGTERM and SIGQUIT ask a command to stop. The first one cancels what is under way. A later one never skips an
// undo, but ends at once what only reads, asks or waits. SIGHUP says that the terminal is gone: it ends what only reads or
// asks, and nothing that has begun to change something, which goes on to its end with nobody to hear of it.
import type { Work } from "../engines/destination.ts";
import { printMessage, resultsAreAside } from "../report/terminal.ts";

const NAMES = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;
/** They would end us at once, in the middle of anything, and nobody means that by them. SIGUSR1 is off (bin/holdfast). */
const MEANT_FOR_OTHERS = ["SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPWR", "SIGXCPU", "SIGIO"] as const;
type Name = (typeof NAMES)[number] | "SIGHUP";

/** Longer than a program that we started has between SIGTERM and SIGKILL (host/exec.ts). */
const CANCEL_MS = 12_000;
const LEAVE_MS = 3_000;
/** One Ctrl-C may arrive twice: from the terminal, and from sudo, npx or timeout, which pass it on. */
const SAME_PRESS_MS = 50;

const first = new AbortController();
const second = new AbortController();
let isListening = false;
let lastName: Name = "SIGTERM";
let firstHeard = Number.NEGATIVE_INFINITY;
/** How many pieces of work are under way that are undone here, or on another machine; and that somebody must be there for. */
const undone = { here: 0, there: 0 };
let shown = 0;
/** Something was changed, here or there: whoever is gone by now misses the last words, and the exit code stays. */
let hasBegun = false;
const hangup = new AbortController();

/** Aborted by the first SIGINT or SIGTERM. From now on these do what is said above, and not what is usual. */
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

/** Aborted by the second one: whoever waits for another machine's undo waits no longer. */
export const insisted: AbortSignal = second.signal;

/** Aborted when the terminal went away, and what is under way goes on. */
export const hungUp: AbortSignal = hangup.signal;

/** Work that is for somebody to look at, and undone when they go: a mounted archive. */
export async function whileShown<T>(work: () => Promise<T>): Promise<T> {
	shown++;
	try {
		return await counted("here", work);
	} finally {
		shown--;
	}
}

/** Work that is undone when it is cancelled, or must come to its end: no further signal ends us before it is done. */
export const untilUndone = <T>(work: () => Promise<T>): Promise<T> => counted("here", work);

/** Work of another machine, which goes on there, or is undone there, without us: a second signal leaves it. */
export const untilUndoneThere = <T>(work: () => Promise<T>): Promise<T> => counted("there", work);

async function counted<T>(where: keyof typeof undone, work: () => Promise<T>): Promise<T> {
	undone[where]++;
	if (shown === 0) {
		hasBegun = true;
		resultsAreAside();
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
				? ", and undoing what was begun"
				: undone.there > 0
					? ", and having it undone there; once more leaves it"
					: "";
		printMessage(["", `${name}: stopping${what} …`]);
		firstHeard = performance.now();
		first.abort();
		endWithin(CANCEL_MS);
	} else if (isSame) return;
	else if (undone.here > 0) printMessage(`${name}: what was begun is still being undone`);
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

/** What hangs, in an open of a file that never comes for example, heeds no signal of ours. */
function endWithin(milliseconds: number): void {
	setTimeout(() => {
		if (undone.here === 0 && (undone.there === 0 || second.signal.aborted)) end();
	}, milliseconds).unref();
}

/** As the signal itself would have; an exit of Node's own waits for every file that it is opening. */
function end(): void {
	process.removeAllListeners(lastName);
	process.kill(process.pid, lastName);
}

/** Work whose answer somebody waits for, and whose progress and log nobody looks at. */
export function unwatched(signal: AbortSignal): Work {
	return { signal, watched: false, interactive: true, progress: () => {}, log: () => {} };
}
