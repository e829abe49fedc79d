// Work on many things, a few at a time, begun in order.

/** Settles when all are done; rejects with the first fault once none is under way, and begins no more after it. */
export async function sideBySide<T>(
	items: readonly T[],
	most: number,
	work: (item: T) => Promise<void>,
): Promise<void> {
	const waiting = [...items];
	const faults: unknown[] = [];
	const lane = async () => {
		for (let item = waiting.shift(); item !== undefined && faults.length === 0; item = waiting.shift())
			await work(item).catch((fault: unknown) => faults.push(fault));
	};
	await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
	if (faults.length > 0) throw faults[0];
}

/** So many may have a turn at once, each for so long; whoever comes later waits, in order. */
export class Turns {
	#free: number;
	readonly #longestMs: number;
	readonly #waiting: (() => void)[] = [];

	constructor(most: number, longestMs: number) {
		this.#free = most;
		this.#longestMs = longestMs;
	}

	/** Settles with what gives the turn back; to call that again does nothing. */
	async take(): Promise<() => void> {
		if (this.#free > 0) this.#free--;
		else await new Promise<void>((resolve) => this.#waiting.push(resolve));
		let given = false;
		const giveBack = () => {
			clearTimeout(late);
			if (given) return;
			given = true;
			const next = this.#waiting.shift();
			if (next) next();
			else this.#free++;
		};
		// One that hangs holds nobody up for ever.
		const late = setTimeout(giveBack, this.#longestMs);
		return giveBack;
	}
}
