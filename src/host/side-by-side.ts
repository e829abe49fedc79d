// Runs tasks with limited concurrency, started in order.

/** Resolves when all are done. After the first error it starts no more, and rejects once the running ones have ended. */
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
