// The last lines that a program has printed, for messages: limited in number and length, however much it prints.
import { clip } from "../values/clip.ts";

/** Characters of a line. */
const WIDTH = 4_000;

export interface LastLines {
	/** Updated by `add`. */
	readonly lines: readonly string[];
	add(line: string): void;
}

export function lastLines(most: number): LastLines {
	const lines: string[] = [];
	return {
		lines,
		add(line) {
			lines.push(line.length > WIDTH ? clip(line, WIDTH) : line);
			if (lines.length > most) lines.shift();
		},
	};
}
