// Removes the end mark of a tar stream, so that several streams can follow each other in one file.
import { Transform } from "node:stream";
import { limitGarbage } from "../../host/memory.ts";

const BLOCK = 512;
/** Bytes passed on at a time: the next stage works best on large pieces. */
const PIECE = 128 * 1024;

/**
 * Passes on a tar stream without its end mark and the padding after it. Finds the mark by following the headers, because a
 * file's content may end in zeros too. A stream without an end mark was truncated.
 * The header's layout is POSIX's (pax, "ustar Interchange Format"): size at byte 124, 12 bytes, in octal digits, or
 * in binary behind a set high bit (GNU's extension, for sizes from 8 GiB).
 */
export function withoutEndMark(): { readonly stream: Transform; sawEndMark(): boolean } {
	let held: Buffer[] = [];
	let heldBytes = 0;
	/** An incomplete header. */
	let partial: Buffer = Buffer.alloc(0);
	/** Remaining bytes of the current file's content, including padding. */
	let content = 0;
	let ended = false;
	// Each small file leaves garbage of many times its size here.
	const passed = limitGarbage(true);

	const keep = (bytes: Buffer) => {
		if (bytes.length === 0) return;
		held.push(bytes);
		heldBytes += bytes.length;
	};
	const pieces = (least: number) => {
		if (heldBytes < least || heldBytes === 0) return undefined;
		const piece = held.length === 1 ? held[0] : Buffer.concat(held, heldBytes);
		held = [];
		heldBytes = 0;
		return piece;
	};
	const stream = new Transform({
		readableHighWaterMark: PIECE,
		transform(chunk: Buffer, _encoding, done) {
			let bytes = partial.length === 0 ? chunk : Buffer.concat([partial, chunk]);
			partial = Buffer.alloc(0);
			while (!ended && bytes.length > 0) {
				if (content > 0) {
					const taken = Math.min(content, bytes.length);
					keep(bytes.subarray(0, taken));
					bytes = bytes.subarray(taken);
					content -= taken;
				} else if (bytes.length < BLOCK) {
					partial = Buffer.from(bytes);
					break;
				} else {
					const header = bytes.subarray(0, BLOCK);
					ended = header.every((byte) => byte === 0);
					if (ended) break;
					content = Math.ceil(sizeOf(header) / BLOCK) * BLOCK;
					keep(header);
					passed(BLOCK);
					bytes = bytes.subarray(BLOCK);
				}
			}
			done(null, pieces(PIECE));
		},
		flush(done) {
			done(null, pieces(1));
		},
	});
	return { stream, sawEndMark: () => ended };
}

function sizeOf(header: Buffer): number {
	const field = header.subarray(124, 136);
	if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(4) & 0x7fffffffffffffffn);
	return Number.parseInt(field.toString("latin1").replaceAll("\0", " ").trim() || "0", 8);
}
