// Splits a long JSON list into its items. A listing of ten thousand archives is one line of many megabytes, which must not be
// in memory at once. Only the beginning and end of each item are parsed here.
import { LONGEST_RECORD, type OutputReader } from "./lines.ts";

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\[]{}'].map((one) =>
	one.charCodeAt(0),
) as [number, number, number, number, number, number];
/** The depth of an item, counting itself, in `{"archives": […]}`; less in `[…]`. */
const DEEPEST_ITEM = 3;
const DEEPEST = 100;
const HEAD_BYTES = 16;
/** Bytes kept of the end of an object that is too long. */
const TAIL_BYTES = 1024;

/**
 * Reads one document, a list of objects or an object that contains such lists, and calls back with the text of each
 * object. An object longer than `LONGEST_RECORD` is an error; with `onTooLong` it is skipped, and the callback gets the end
 * of its text. `hasList` tells whether there was a list at all: no output is not an empty list.
 */
export function listReader(
	onItem: (text: string) => void,
	onTooLong?: (tail: string) => void,
): OutputReader & { readonly hasList: () => boolean } {
	let hasList = false;
	let head = "";
	const open: number[] = [];
	let inText = false;
	let escaped = false;
	/** How deep the current item is; 0 outside of one. */
	let item = 0;
	let held: Buffer[] = [];
	let heldBytes = 0;
	const hold = (bytes: Buffer) => {
		heldBytes += bytes.length;
		held.push(bytes);
		if (heldBytes <= LONGEST_RECORD) return;
		if (!onTooLong) throw new RangeError(`an entry of more than ${LONGEST_RECORD / 1024} KiB`);
		held = [Buffer.concat(held).subarray(-TAIL_BYTES)];
	};
	return {
		// Go prints a nil slice as `null`.
		hasList: () => hasList || head.trim() === "null",
		push(chunk) {
			if (head.length < HEAD_BYTES) head += chunk.toString("latin1", 0, HEAD_BYTES - head.length);
			let from = 0;
			for (let at = 0; at < chunk.length; at++) {
				const byte = chunk[at];
				if (inText) {
					if (escaped) escaped = false;
					else if (byte === BACKSLASH) escaped = true;
					else if (byte === QUOTE) inText = false;
				} else if (byte === QUOTE) inText = true;
				else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
					if (item === 0 && byte === OPEN_OBJECT && open.at(-1) === OPEN_LIST && open.length < DEEPEST_ITEM) {
						item = open.length + 1;
						from = at;
					}
					if (byte === OPEN_LIST && open.length < DEEPEST_ITEM - 1) hasList = true;
					open.push(byte);
					if (open.length > DEEPEST) throw new RangeError(`lists nested more than ${DEEPEST} levels deep`);
				} else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
					open.pop();
					if (item === 0 || open.length >= item) continue;
					hold(chunk.subarray(from, at + 1));
					const tell = heldBytes > LONGEST_RECORD && onTooLong ? onTooLong : onItem;
					tell(Buffer.concat(held).toString("utf8"));
					item = 0;
					held = [];
					heldBytes = 0;
				}
			}
			if (item > 0) hold(Buffer.from(chunk.subarray(from)));
		},
		end() {
			if (open.length > 0) throw new RangeError("a truncated list");
		},
	};
}
