// A list or map in brackets may end with its bracket below the key that it belongs to, as most people write it:
//
//     folders: [
//       /srv/notes,
//     ]
//
// By the letter of YAML that bracket stands too far left, and the library refuses it. Before such a bracket a space is put,
// and the text is read again. A script in a block of its own may have such lines as well: these are left as they are.
import { type Event, parseEvents, YAMLException } from "js-yaml";
import { tooDeep } from "./limits.ts";

export interface Parsed {
	/** What the events' offsets are of. */
	readonly text: string;
	readonly events: readonly Event[];
	/** From an offset in that to the one in the text that was given. */
	given(offset: number): number;
}

/** Characters that are read in all. Once more is enough, unless lines that look like those of a block were none. */
const MOST_READ = 32 * 1024 ** 2;

/** Throws by `refuse`, which is given the offset of the fault. */
export function parsedText(
	text: string,
	maxDepth: number,
	refuse: (offset: number, message: string) => never,
): Parsed {
	/** Offsets of the brackets that are moved. */
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
			const more = reason === "deficient indentation" && read < MOST_READ ? bracketsFrom(at, text) : [];
			// One that was moved already stands further left than its key.
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

/** How a line ends that a block follows, such as `script: |`. */
const BLOCK = /[|>][-+\d]*[ \t]*(?:#.*)?$/;

/** Offsets of the brackets that begin a line, from this one on, but for lines that may be a block's. */
function bracketsFrom(offset: number, text: string): number[] {
	const found: number[] = [];
	/** How far in the line before a block stands: the block's own stand further in. */
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
