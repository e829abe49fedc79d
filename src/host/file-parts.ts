// Reads a file through one buffer: nothing is left to collect, however long the file is.
import { open } from "node:fs/promises";

const PART = 1024 * 1024;

/**
 * Calls `use` with the parts of a file in turn, or of its first `bytes`; the next one is read meanwhile. A part may be kept only
 * until what `use` returns has settled.
 */
export async function eachPart(
	path: string,
	use: (part: Buffer) => unknown,
	bytes = Number.POSITIVE_INFINITY,
): Promise<void> {
	await using file = await open(path);
	const buffers = [Buffer.allocUnsafeSlow(PART), Buffer.allocUnsafeSlow(PART)] as const;
	const read = (into: Buffer, at: number) => file.read(into, 0, Math.max(0, Math.min(PART, bytes - at)), at);
	let next = read(buffers[0], 0);
	for (let [at, turn] = [0, 0]; ; turn = 1 - turn) {
		const { buffer, bytesRead } = await next;
		if (bytesRead === 0) return;
		at += bytesRead;
		next = read(buffers[turn === 0 ? 1 : 0], at);
		next.catch(() => {});
		await use(buffer.subarray(0, bytesRead));
	}
}
