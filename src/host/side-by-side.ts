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
