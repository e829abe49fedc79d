// A dump's table of contents, as `pg_restore --list` writes it, and statements that pg_restore writes of parts of a dump.
import { identifier, literal } from "./names.ts";

/** One thing in a dump. */
export interface Entry {
	/** As pg_restore's --use-list names it. */
	readonly id: string;
	/** The catalog and number that it had in the database that was dumped, `1255 16384`; `0 0` for what has none. */
	readonly origin: string;
	/** What it is and what it is called, `FUNCTION public f(integer) app`. */
	readonly words: string;
}

const LINE = /^(\d+); (\d+ \d+) (.+)$/;

export function entriesIn(list: string): Entry[] {
	return list.split("\n").flatMap((line) => {
		const [, id, origin, words] = LINE.exec(line) ?? [];
		return id === undefined || origin === undefined || words === undefined ? [] : [{ id, origin, words }];
	});
}

/** Kinds are words in capitals, some of them two or three. */
export function isKind({ words }: Entry, kind: string): boolean {
	return words.startsWith(`${kind} `);
}

/** What only a superuser can make, whatever it holds (PostgreSQL's manual, under the CREATE of each). */
const PRIVILEGED = [
	...["EVENT TRIGGER", "FOREIGN DATA WRAPPER", "ACCESS METHOD", "PROCEDURAL LANGUAGE", "OPERATOR CLASS"],
	...["OPERATOR FAMILY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE", "SUBSCRIPTION", "SHELL TYPE"],
];

export function needsSuperuser(entry: Entry): boolean {
	return PRIVILEGED.some((kind) => isKind(entry, kind));
}

export type Token =
	| { readonly word: string }
	/** In double quotes. */
	| { readonly name: string }
	| { readonly text: string }
	| { readonly sign: string };

const BETWEEN = /(?:\s|--[^\n]*(?:\n|(?![\s\S]))|(?<=\n)\\(?:un)?restrict [^\n]*(?:\n|(?![\s\S])))*/y;
/** A text or a name begins, or all of a word, a number or a sign is there. A text may be longer than a pattern can hold. */
const NEXT = /(E?'|")|([A-Za-z_\x80-\uffff][\w$\x80-\uffff]*|\d+)|([.,()[\];=*<>~!@#%^&|`?+/-])/y;

/** Where the quotation mark is that ends what begins here; one that is doubled ends nothing. -1 without one. */
function closing(script: string, from: number, mark: string): number {
	for (let at = from; ; at += 2) {
		at = script.indexOf(mark, at);
		if (at < 0 || script[at + 1] !== mark) return at;
	}
}

/**
 * The statements of a text that pg_restore wrote of parts without a body: rights, owners, comments, schemas. Undefined
 * when anything else is in it, such as a body between dollars.
 */
export function statementsIn(script: string): Token[][] | undefined {
	const all: Token[][] = [];
	let tokens: Token[] = [];
	for (let at = 0; ; ) {
		BETWEEN.lastIndex = at;
		BETWEEN.exec(script);
		if (BETWEEN.lastIndex === script.length) return tokens.length === 0 ? all : undefined;
		NEXT.lastIndex = BETWEEN.lastIndex;
		const found = NEXT.exec(script);
		if (!found) return undefined;
		at = NEXT.lastIndex;
		const [, begin, word, sign = ""] = found;
		if (begin !== undefined) {
			const mark = begin.at(-1) ?? "";
			const end = closing(script, at, mark);
			if (end < 0) return undefined;
			const bare = script.slice(at, end).replaceAll(mark + mark, mark);
			at = end + 1;
			const escaped = begin === "E'";
			// A name has a letter; and pg_dump writes no escape but that of the backslash itself.
			if (mark === '"' ? bare === "" : escaped && bare.replaceAll("\\\\", "").includes("\\"))
				return undefined;
			if (mark === '"') tokens.push({ name: bare });
			else tokens.push({ text: escaped ? bare.replaceAll("\\\\", "\\") : bare });
		} else if (word !== undefined) tokens.push({ word });
		else if (sign !== ";") tokens.push({ sign });
		else {
			all.push(tokens);
			tokens = [];
		}
	}
}

/** The same statement, with our own quoting. */
export function statementOf(tokens: readonly Token[]): string {
	const operator = /^[=*<>~!@#%^&|`?+/-]$/;
	return tokens.reduce((text, token, index) => {
		const before = tokens[index - 1];
		const isOne =
			"sign" in token &&
			operator.test(token.sign) &&
			before &&
			"sign" in before &&
			operator.test(before.sign);
		const written =
			"name" in token
				? identifier(token.name)
				: "text" in token
					? literal(token.text)
					: "word" in token
						? token.word
						: token.sign;
		return `${text}${index === 0 || isOne ? "" : " "}${written}`;
	}, "");
}
