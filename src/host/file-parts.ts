// Reads a file through one buffer: nothing is left to collect, however long the file is.
import { open } from "node:fs/promises";

const PART = 1024 * 1024;

/**
 * Calls `use` with the parts of a file in turn, or of its first `bytes`. A part may be kept only until what `use` returns
 * has settled.
 */
export async function eachPart(
	path: string,
	use: (part: Buffer) => unknown,
	bytes = Number.POSITIVE_INFINITY,
): Promise<void> {
	await using file = await open(path);
	const buffer = Buffer.allocUnsafeSlow(PART);
	for (let at = 0; at < bytes; ) {
		const { bytesRead } = await file.read(buffer, 0, Math.min(PART, bytes - at), at);
		if (bytesRead === 0) return;
		await use(buffer.subarray(0, bytesRead));
		at += bytesRead;
	}
}
