// Parse a dump's table of contents, as `pg_restore --list` writes it, and the statements that pg_restore writes for
// parts of a dump.
import { identifier, literal } from "./names.ts";

/** One object in a dump. */
export interface Entry {
	/** The number that pg_restore's --use-list expects. */
	readonly id: string;
	/** The catalog and number of the object in the dumped database, `1255 16384`; `0 0` if it has none. */
	readonly origin: string;
	/** The object's kind, name and owner, `FUNCTION public f(integer) app`. */
	readonly words: string;
}

const LINE = /^(\d+); (\d+ \d+) (.+)$/;

export function entriesIn(list: string): Entry[] {
	return list.split("\n").flatMap((line) => {
		const [, id, origin, words] = LINE.exec(line) ?? [];
		return id === undefined || origin === undefined || words === undefined ? [] : [{ id, origin, words }];
	});
}

/** A kind is one to three words in capitals. */
export function isKind({ words }: Entry, kind: string): boolean {
	return words.startsWith(`${kind} `);
}

/** Kinds that only a superuser can create, whatever their content (PostgreSQL's manual, under the CREATE of each). */
const PRIVILEGED = [
	...["EVENT TRIGGER", "FOREIGN DATA WRAPPER", "ACCESS METHOD", "PROCEDURAL LANGUAGE", "OPERATOR CLASS"],
	...["OPERATOR FAMILY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE", "SUBSCRIPTION", "SHELL TYPE"],
	"PUBLICATION TABLES IN SCHEMA",
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
/**
 * Matches the start of a string or a quoted name, or an entire word, number or sign. A string may be too long for a
 * regular expression to match entirely.
 */
const NEXT = /(E?'|")|([A-Za-z_\x80-\uffff][\w$\x80-\uffff]*|\d+)|([.,()[\];=*<>~!@#%^&|`?+/-])/y;

/** The position of the closing quote; a doubled quote does not close. -1 if there is none. */
function closing(script: string, from: number, mark: string): number {
	for (let at = from; ; at += 2) {
		at = script.indexOf(mark, at);
		if (at < 0 || script[at + 1] !== mark) return at;
	}
}

/**
 * Split what pg_restore wrote for entries without a body (rights, owners, comments, schemas) into statements. Undefined
 * if it contains anything else, such as a dollar-quoted body.
 */
export function statementsIn(script: string): Token[][] | undefined {
	const all: Token[][] = [];
	let tokens: Token[] = [];
	// A database may have this off: pg_dump then doubles the backslashes in every string, and says so at the top.
	let isPlain = true;
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
			const escaped = begin === "E'" || !isPlain;
			// A name cannot be empty, and pg_dump escapes nothing but the backslash itself.
			if (mark === '"' ? bare === "" : escaped && bare.replaceAll("\\\\", "").includes("\\"))
				return undefined;
			if (mark === '"') tokens.push({ name: bare });
			else tokens.push({ text: escaped ? bare.replaceAll("\\\\", "\\") : bare });
		} else if (word !== undefined) tokens.push({ word });
		else if (sign !== ";") tokens.push({ sign });
		else {
			const said = tokens.length === 4 ? statementOf(tokens) : "";
			if (said.startsWith("SET standard_conforming_strings =")) isPlain = said.endsWith(" on");
			all.push(tokens);
			tokens = [];
		}
	}
}

/** The same statement with our own quoting. */
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
