// Tokens of short SQL texts about accounts, which come from a server or an archive. Only the syntax that such texts
// need is accepted: a comment, a semicolon or anything else makes the text invalid.

export type Token =
	| { readonly word: string }
	/** In backquotes. */
	| { readonly name: string }
	| { readonly text: string }
	| { readonly hex: string }
	| { readonly number: string }
	| { readonly sign: string };

const NEXT =
	/\s*(?:`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\[\s\S])*)'|0x([0-9a-fA-F]+)|([0-9][0-9.]*)(?![A-Za-z_])|([A-Za-z_][A-Za-z0-9_]*)|([.,()*@]))/y;
const ESCAPED: Readonly<Record<string, string>> = {
	n: "\n",
	r: "\r",
	t: "\t",
	b: "\b",
	"0": "\0",
	Z: "\u001a",
};

/** Undefined if the text contains anything else. */
export function tokensOf(statement: string): readonly Token[] | undefined {
	const tokens: Token[] = [];
	const rest = statement.trimEnd();
	NEXT.lastIndex = 0;
	while (NEXT.lastIndex < rest.length) {
		const found = NEXT.exec(rest);
		if (!found) return undefined;
		const [, name, text, hex, number, word, sign] = found;
		if (name !== undefined) tokens.push({ name: name.replaceAll("``", "`") });
		else if (text !== undefined) tokens.push({ text: unescaped(text) });
		else if (hex !== undefined) tokens.push({ hex });
		else if (number !== undefined) tokens.push({ number });
		else if (word !== undefined) tokens.push({ word });
		else tokens.push({ sign: sign ?? "" });
	}
	return tokens;
}

function unescaped(text: string): string {
	return text.replace(/''|\\([\s\S])/g, (_, letter?: string) =>
		letter === undefined ? "'" : (ESCAPED[letter] ?? letter),
	);
}
