// Text from outside, made safe to show: characters that move a cursor, turn the direction of writing, or cannot be seen
// are written out. The escapes are those of a double-quoted text in YAML, and, for JSON, JSON's own.

/**
 * Controls (C0, DEL, C1), formats (bidi overrides, zero-width characters, tags), line separators, lone halves of
 * characters, and whatever else Unicode calls ignorable (fillers, variation selectors).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A name, a path, a value: nothing of it is left that a terminal or a table would act on. */
export function printable(value: string): string {
	return value.replace(UNSEEN, (character) => SHORT[character] ?? escaped(character));
}

/** One line of text: as `printable`, with its tabs. */
export function printableLine(line: string): string {
	return line.replace(UNSEEN, (character) =>
		character === "\t" ? character : (SHORT[character] ?? escaped(character)),
	);
}

/** Whether something in it cannot be seen. */
export function hidesSomething(value: string): boolean {
	return value.search(UNSEEN) >= 0;
}

/** JSON that is the same value for a program, and harmless on a terminal. */
export function jsonText(value: unknown, indent?: number): string {
	// What is escaped here can stand only in its texts; lines end between values.
	return (JSON.stringify(value, null, indent) ?? "null").replace(UNSEEN, (character) =>
		character === "\n" ? character : [...unitsOf(character)].map(unit).join(""),
	);
}

function escaped(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	// A byte of a name that is no text (host/names.ts).
	if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
	if (code <= 0xff) return `\\x${hex(code, 2)}`;
	return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function* unitsOf(character: string): Generator<number> {
	for (let at = 0; at < character.length; at++) yield character.charCodeAt(at);
}

const unit = (code: number) => `\\u${hex(code, 4)}`;
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");

/** A path as a message names it: its middle goes where it is too long to be read. */
export function shortPath(path: string): string {
	if (path.length <= 2 * HALF_PATH) return path;
	return `${path.slice(0, HALF_PATH)}…${path.slice(-HALF_PATH)}`;
}
const HALF_PATH = 150;

/**
 * A line of a message, with what nobody can read clipped in its middle: paths that a service has made thousands of
 * characters long, which an engine's own words quote.
 */
export function shortLine(line: string): string {
	if (line.length <= 2 * HALF_PATH) return line;
	const short = line.replace(/\S+/g, (word) => (word.includes("/") ? shortPath(word) : word));
	return short.length <= 2 * HALF_LINE ? short : `${short.slice(0, HALF_LINE)}…${short.slice(-HALF_LINE)}`;
}
const HALF_LINE = 2_000;
