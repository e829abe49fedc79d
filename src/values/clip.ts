// Shortens text from outside for messages. The result is always a copy: V8 keeps the entire text in memory for as long as a
// slice of it is kept.

/** Characters that are shown of an answer: a service's, or the output of a program that was asked something. */
const SHOWN = 500;

/** At most `most` characters: the middle of a longer text becomes "…", since its end often states the reason. */
export function clip(text: string, most: number): string {
	if (text.length <= most) return copyOf(text);
	const half = Math.floor((most - 1) / 2);
	const head = text.slice(0, most - 1 - half).replace(/[\ud800-\udbff]$/, "");
	const tail = text.slice(text.length - half).replace(/^[\udc00-\udfff]/, "");
	return copyOf(`${head}…${tail}`);
}

/** An answer in a message, such as a health check's. */
export const shownAnswer = (text: string): string => clip(text, SHOWN);

/** The lines of an answer below a message, no longer than that in all. */
export function shownLines(lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : shownAnswer(lines.join("\n")).split("\n");
}

/** UTF-16 keeps lone surrogates, which stand for the bytes of a name that is not UTF-8 (host/names.ts). */
const copyOf = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le");
