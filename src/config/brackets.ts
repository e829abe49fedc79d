// Allows the closing bracket of a list or map below its key, as most people write it:
//
//     folders: [
//       /srv/notes,
//     ]
//
// YAML forbids a bracket that far to the left, and the library rejects it. So a space is inserted before such a bracket, and the
// text is parsed again. Such lines in block scalars, such as scripts, are not changed.
import { type Event, parseEvents, YAMLException } from "js-yaml";
import { tooDeep } from "./limits.ts";

export interface Parsed {
	/** The text that the events' offsets refer to. */
	readonly text: string;
	readonly events: readonly Event[];
	/** Converts an offset in that text to one in the original text. */
	given(offset: number): number;
}

/** Total characters to parse. One repetition is enough, unless lines that look like part of a block are not. */
const MAX_READ = 32 * 1024 ** 2;

/** Throws with `refuse`, which gets the offset of the fault. */
export function parsedText(
	text: string,
	maxDepth: number,
	refuse: (offset: number, message: string) => never,
): Parsed {
	/** Offsets of the moved brackets. */
	let moved: readonly number[] = [];
	for (let read = text.length; ; read += text.length) {
		const spaced = withSpaces(text, moved);
		const given = (offset: number) => offset - spacesBefore(offset, moved);
		try {
			return { text: spaced, events: parseEvents(spaced, { maxDepth }), given };
		} catch (error) {
			if (!(error instanceof YAMLException)) return refuse(0, String(error));
			const { reason, mark } = error;
			const at = given(mark?.position ?? 0);
			const more = reason === "deficient indentation" && read < MAX_READ ? bracketsFrom(at, text) : [];
			// A bracket that was moved before is still to the left of its key.
			if (more[0] !== at || moved.includes(at))
				return refuse(at, reason.includes("maxDepth") ? tooDeep : reason);
			moved = [...new Set([...moved, ...more])].sort((a, b) => a - b);
		}
	}
}

function withSpaces(text: string, offsets: readonly number[]): string {
	return [...offsets, text.length].map((end, index) => text.slice(offsets[index - 1] ?? 0, end)).join(" ");
}

function spacesBefore(offset: number, moved: readonly number[]): number {
	let [low, high] = [0, moved.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((moved[middle] ?? 0) + middle < offset) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** The end of a line that starts a block, such as `script: |`. */
const BLOCK = /[|>][-+\d]*[ \t]*(?:#.*)?$/;

/** Offsets of the brackets at the beginning of a line, from this one on, except lines that may be part of a block. */
function bracketsFrom(offset: number, text: string): number[] {
	const found: number[] = [];
	/** Indentation of the line that starts a block; the block's lines are indented further. */
	let block: number | undefined;
	const lines = /[^\r\n]+/g;
	lines.lastIndex = text.lastIndexOf("\n", offset - 1) + 1;
	for (let line = lines.exec(text); line; line = lines.exec(text)) {
		const indent = line[0].search(/[^ \t]|$/);
		if (indent === line[0].length || (block !== undefined && indent > block)) continue;
		block = BLOCK.test(line[0]) ? indent : undefined;
		if (/[\]}]/.test(line[0][indent] ?? "")) found.push(line.index + indent);
	}
	return found;
}
