// File names are bytes. A name in UTF-8 is represented by its text; each byte that is not valid UTF-8 becomes a lone
// surrogate, U+DC80 to U+DCFF, which valid text never contains (as in Python's PEP 383). So names are strings everywhere,
// are compared and stored in JSON as strings, and convert back to the same bytes.
import { isUtf8 } from "node:buffer";

const FIRST = 0xdc00;

export function nameOf(bytes: Uint8Array): string {
	const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	if (isUtf8(all)) return all.toString("utf8");
	let name = "";
	for (let at = 0; at < all.length; ) {
		const character = all.subarray(at, at + lengthFrom(all[at] ?? 0));
		if (isUtf8(character)) {
			name += character.toString("utf8");
			at += character.length;
		} else name += String.fromCharCode(FIRST + (all[at++] ?? 0));
	}
	return name;
}

/** A name for system calls: a string if it is well-formed text, otherwise its bytes. */
export function bytesOf(name: string): string | Buffer {
	if (name.isWellFormed()) return name;
	return Buffer.concat(
		name
			.split(/([\udc80-\udcff])/u)
			.map((part, index) => (index % 2 === 1 ? Buffer.of(part.charCodeAt(0) - FIRST) : Buffer.from(part))),
	);
}

/** Length in bytes of the UTF-8 character that begins with this byte. */
function lengthFrom(byte: number): number {
	if (byte < 0xc2) return 1;
	return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
