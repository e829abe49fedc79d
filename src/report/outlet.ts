// A stream to a terminal or a pipe that never blocks. A stopped terminal (Ctrl-S) or a suspended pager must not hold up a
// run that has a service down: while a run is in progress, output that cannot be written immediately is written later, or
// lost.
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isErrno } from "../values/error.ts";

/** The most bytes that wait for a reader. Beyond that the oldest are lost; the journal has everything. */
const MAX_BEHIND = 1024 * 1024;
const TRY_AGAIN_MS = 50;

const impatience = new AbortController();

/** From now on no long result waits for its reader: somebody wants the program to end. */
export function stopWaitingForReader(): void {
	impatience.abort();
}

export class Outlet {
	readonly #stream: NodeJS.WriteStream;
	readonly #gone: (error: unknown) => void;
	/** How many pieces of work ask for non-blocking output. */
	#hurried = 0;
	/** Opened again, so that only this process is non-blocking: others share the terminal. */
	#fd: number | undefined;
	#behind: Buffer[] = [];
	#bytesBehind = 0;
	#lost = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(stream: NodeJS.WriteStream, gone: (error: unknown) => void) {
		this.#stream = stream;
		this.#gone = gone;
	}

	get isBehind(): boolean {
		return this.#bytesBehind > 0;
	}

	/** Whether a reader has still to take what was written, where writes are not hurried. */
	get isUnread(): boolean {
		return this.#fd === undefined && this.#stream.writableNeedDrain;
	}

	write(text: string): void {
		if (this.#fd === undefined) {
			this.#stream.write(text);
			return;
		}
		const bytes = Buffer.from(text);
		this.#behind.push(bytes);
		this.#bytesBehind += bytes.length;
		this.#catchUp();
		// The first chunk may be partly written, and the last one says how the run ended.
		while (this.#bytesBehind > MAX_BEHIND && this.#behind.length > 2) {
			const [old] = this.#behind.splice(1, 1);
			this.#bytesBehind -= old?.length ?? 0;
			this.#lost++;
		}
	}

	/** Returns when little of what was written still waits for its reader, when nobody reads any more. */
	async taken(): Promise<void> {
		const { signal } = impatience;
		if (!this.isUnread || signal.aborted) return;
		const over = new AbortController();
		const ends = [
			...["drain", "close", "error"].map((name) => once(this.#stream, name, { signal: over.signal })),
			once(signal, "abort", { signal: over.signal }),
		];
		// A failure has a listener of its own.
		await Promise.race(ends).catch(() => {});
		for (const end of ends) end.catch(() => {});
		over.abort();
	}

	/** From now on writes do not block. */
	hurry(): void {
		if (this.#hurried++ > 0 || this.#fd !== undefined) return;
		const { fd } = this.#stream as unknown as { fd: number };
		try {
			// A file never blocks, and a second descriptor would write at a different position.
			if (!this.#stream.isTTY && !fstatSync(fd).isFIFO()) return;
			this.#fd = openSync(
				`/proc/self/fd/${fd}`,
				constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
			);
		} catch {
			// A terminal of another user, after su(1), cannot be opened: it blocks as usual.
		}
	}

	/**
	 * The end of non-blocking output: write what is waiting, however long that takes, unless aborted. Returns how much was
	 * lost.
	 */
	async linger(signal: AbortSignal): Promise<number> {
		if (--this.#hurried > 0) return 0;
		while (this.isBehind && this.#hurried === 0 && !signal.aborted) await pause(TRY_AGAIN_MS);
		if (this.#hurried > 0 || this.#fd === undefined) return 0;
		clearTimeout(this.#timer);
		this.#behind = [];
		this.#bytesBehind = 0;
		closeSync(this.#fd);
		this.#fd = undefined;
		const lost = this.#lost;
		this.#lost = 0;
		return lost;
	}

	#catchUp(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		try {
			for (let first = this.#behind[0]; first !== undefined; first = this.#behind[0]) {
				const written = writeSync(this.#fd ?? -1, first);
				this.#bytesBehind -= written;
				if (written < first.length) this.#behind[0] = first.subarray(written);
				else this.#behind.shift();
			}
		} catch (error) {
			if (isErrno(error, "EAGAIN")) {
				this.#timer = setTimeout(() => this.#catchUp(), TRY_AGAIN_MS);
				return;
			}
			this.#behind = [];
			this.#bytesBehind = 0;
			this.#gone(error);
		}
	}
}
