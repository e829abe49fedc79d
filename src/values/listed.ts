/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last = "and"): string {
	const end = words.slice(-2).join(` ${last} `);
	return [...words.slice(0, -2), end].join(", ");
}
