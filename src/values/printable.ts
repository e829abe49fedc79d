// Makes text from outside safe to show: characters that move the cursor, change the writing direction or are invisible are
// escaped, as in double-quoted YAML or, for JSON, as in JSON.

/**
 * Controls (C0, DEL, C1), formats (bidi overrides, zero-width characters, tags), line separators, lone surrogates, and
 * everything else that Unicode calls ignorable (fillers, variation selectors).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A name, a path or a value without anything that a terminal or a table would interpret. */
export function printable(value: string): string {
	return value.replace(UNSEEN, (character) => SHORT[character] ?? escaped(character));
}

/** One line of text: like `printable`, but keeps tabs. */
export function printableLine(line: string): string {
	return line.replace(UNSEEN, (character) =>
		character === "\t" ? character : (SHORT[character] ?? escaped(character)),
	);
}

/** Whether it contains invisible characters. */
export function hidesSomething(value: string): boolean {
	return value.search(UNSEEN) >= 0;
}

/** JSON with the same value that is harmless on a terminal. */
export function jsonText(value: unknown, indent?: number): string {
	// Characters to escape occur only inside strings; line breaks only between values.
	return (JSON.stringify(value, null, indent) ?? "null").replace(UNSEEN, (character) =>
		character === "\n" ? character : [...unitsOf(character)].map(unit).join(""),
	);
}

function escaped(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	// A byte of a name that is not valid UTF-8 (host/names.ts).
	if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
	if (code <= 0xff) return `\\x${hex(code, 2)}`;
	return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function* unitsOf(character: string): Generator<number> {
	for (let at = 0; at < character.length; at++) yield character.charCodeAt(at);
}

const unit = (code: number) => `\\u${hex(code, 4)}`;
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");

/** A path for a message, with its middle cut out if it is too long to read. */
export function shortPath(path: string): string {
	if (path.length <= 2 * HALF_PATH) return path;
	return `${path.slice(0, HALF_PATH)}…${path.slice(-HALF_PATH)}`;
}
const HALF_PATH = 150;

/**
 * A line of a message with overlong words clipped in the middle: an engine's messages may quote paths that a service has
 * made thousands of characters long.
 */
export function shortLine(line: string): string {
	if (line.length <= 2 * HALF_PATH) return line;
	const short = line.replace(/\S+/g, (word) => (word.includes("/") ? shortPath(word) : word));
	return short.length <= 2 * HALF_LINE ? short : `${short.slice(0, HALF_LINE)}…${short.slice(-HALF_LINE)}`;
}
const HALF_LINE = 2_000;
