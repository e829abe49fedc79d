// Results that may not fit into memory are written in parts.

/** How many lines or items are written at once, if there may be more of them than fit into memory. */
export const BATCH = 500;
export const BATCH_LENGTH = 256 * 1024;

export function* batches<T>(items: Iterable<T>): Generator<T[]> {
	let batch: T[] = [];
	for (const item of items) {
		batch.push(item);
		if (batch.length < BATCH) continue;
		yield batch;
		batch = [];
	}
	if (batch.length > 0) yield batch;
}
