// Parses untrusted JSON. It is scanned before it is parsed, so that a small text cannot use much memory or become a value
// that is nested too deeply for the code that walks it.

export interface JsonLimits {
	/** Maximum nesting of lists and objects. */
	readonly depth: number;
	/** Maximum total number of values of any type. */
	readonly values: number;
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\,[]{}'].map(
	(one) => one.charCodeAt(0),
) as [number, number, number, number, number, number, number];

/** Throws a `RangeError` that says which limit was passed, or a `SyntaxError`. */
export function parseBounded(text: string, { depth: most, values: mostValues }: JsonLimits): unknown {
	let depth = 0;
	let values = 1;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === QUOTE) {
			at++;
			while (at < text.length && text.charCodeAt(at) !== QUOTE)
				at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
		} else if (code === COMMA) values++;
		else if (code === OPEN_LIST || code === OPEN_OBJECT) {
			values++;
			if (++depth > most) throw new RangeError(`values nested more than ${most} levels deep`);
		} else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
		if (values > mostValues) throw new RangeError(`more than ${mostValues} values`);
	}
	return JSON.parse(text);
}
