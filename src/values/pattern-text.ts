// Parses one pattern of `exclude` and reports what is wrong with it.
import { HoldfastError } from "./error.ts";
import type { Exclusion, Part, Range, Token } from "./exclusion.ts";

interface Pattern {
	/** `name`: at any depth below a folder. `below`: from a folder down. `absolute`: from the root of the file system. */
	readonly kind: "name" | "below" | "absolute";
	readonly parts: Exclusion;
}

/** Limited because some engines need several patterns for each. */
const MAX_STARS = 3;
const SLASH = 0x2f;
/** All of ASCII but NUL and the slash. */
const ANY_ONE: readonly Range[] = [
	[0x01, SLASH - 1],
	[SLASH + 1, 0x7f],
];
const ANY: Token = { any: true };

/** Throws an error with a message if the text is not a valid pattern. */
export function parsePattern(text: string): Pattern {
	try {
		return parse(text);
	} catch (error) {
		throw new HoldfastError("config-invalid", `"${text}" is not a pattern: ${(error as Error).message}`, {
			subject: text,
		});
	}
}

function fail(why: string): never {
	throw new Error(why);
}

function parse(text: string): Pattern {
	if (text === "") fail("it is empty");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
	if (/[\x00-\x1f\x7f]/.test(text)) fail('it contains a control character; use "*" instead');
	if (!text.isWellFormed()) fail('it is not valid Unicode; use "*" for the invalid part');
	if (text.startsWith("!"))
		fail('"!" does not re-include anything here; for a name that begins with it, write "\\!"');
	const style = /^(?:re|sh|fm|pp|pf):/.exec(text)?.[0];
	if (style !== undefined)
		fail(
			`"${style}" is the syntax of another program; patterns here mean the same for every engine. For a name that begins with it, write "\\${style}"`,
		);
	if (text === "~" || text.startsWith("~/"))
		fail('"~" is not expanded; write the absolute path. For a name that begins with it, write "\\~"');
	const names = namesIn(text);
	const parts: Part[] = [];
	for (const name of names) {
		if (name === "" || name === ".") continue;
		const part = name === "**" ? name : tokensOf(name);
		if (part !== "**" && part.length === 1 && (part[0] === ".." || part[0] === "."))
			fail(`"${name}" is not a file name; write the path without it`);
		if (part !== "**" || parts.at(-1) !== "**") parts.push(part);
	}
	if (parts.length === 0) fail("it would exclude everything");
	// "Everything below a folder at any depth" is the same as its entries, since excluding an entry excludes its content.
	if (parts.at(-1) === "**") parts[parts.length - 1] = [ANY];
	if (parts.filter((part) => part === "**").length > MAX_STARS)
		fail(`it has more than ${MAX_STARS} of "**"; write several patterns`);
	if (text.startsWith("/")) return { kind: "absolute", parts };
	return { kind: names.slice(1).some((name) => name !== "") ? "below" : "name", parts };
}

/** Split at slashes and tokenize. */
function namesIn(text: string): string[] {
	if (/\\\//.test(text.replace(/\\\\/g, ""))) fail('a slash cannot be escaped; write "/"');
	return text.split("/");
}

function tokensOf(name: string): Token[] {
	const tokens: Token[] = [];
	const add = (token: Token) => {
		const last = tokens.at(-1);
		if (typeof token === "string" && typeof last === "string") tokens[tokens.length - 1] = last + token;
		else tokens.push(token);
	};
	for (let at = 0; at < name.length; ) {
		const character = name[at] as string;
		if (character === "*") {
			if (name[at + 1] === "*")
				fail(
					'"**" must stand alone between slashes, where it matches any number of folders; in a name, use "*"',
				);
			add(ANY);
			at += 1;
		} else if (character === "?") {
			add({ one: ANY_ONE });
			at += 1;
		} else if (character === "[") {
			const { token, end } = setAt(name, at);
			add(token);
			at = end;
		} else if (character === "\\") {
			if (at + 1 === name.length) fail('nothing follows the last "\\"; for a backslash, write "\\\\"');
			add(name[at + 1] as string);
			at += 2;
		} else {
			add(character);
			at += 1;
		}
	}
	return tokens;
}

/** `[a-z_]`, `[!0-9]`, `[]x]`; `\` escapes a character. */
function setAt(name: string, start: number): { token: Token; end: number } {
	let at = start + 1;
	const isNegated = name[at] === "!" || name[at] === "^";
	if (isNegated) at += 1;
	const first = at;
	const codes = new Set<number>();
	const next = (): number => {
		if (name[at] === "\\") at += 1;
		const character = name[at];
		if (character === undefined) fail('"[" is not closed; for the character itself, write "\\["');
		const code = character.charCodeAt(0);
		if (code > 0x7f)
			fail("a set can only contain ASCII characters; write a separate pattern for each other character");
		at += 1;
		return code;
	};
	while (name[at] !== "]" || at === first) {
		if (name[at] === "[" && /[:.=]/.test(name[at + 1] ?? ""))
			fail('classes such as [:digit:] are not supported; write a range, such as "[0-9]"');
		const from = next();
		let to = from;
		if (name[at] === "-" && name[at + 1] !== "]" && at + 1 < name.length) {
			at += 1;
			to = next();
		}
		if (to < from)
			fail(
				`"${String.fromCharCode(from)}-${String.fromCharCode(to)}" is not a range: its end comes before its start`,
			);
		for (let code = from; code <= to; code++) codes.add(code);
	}
	const isIn = (code: number) => code !== SLASH && codes.has(code) !== isNegated;
	const ranges: (readonly [number, number])[] = [];
	for (let code = 1; code <= 0x7f; code++) {
		const last = ranges.at(-1);
		if (!isIn(code)) continue;
		if (last?.[1] === code - 1) ranges[ranges.length - 1] = [last[0], code];
		else ranges.push([code, code]);
	}
	const [only] = ranges;
	if (only === undefined) fail("a set in it matches nothing");
	const token = ranges.length === 1 && only[0] === only[1] ? String.fromCharCode(only[0]) : { one: ranges };
	return { token, end: at + 1 };
}
