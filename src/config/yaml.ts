// YAML and JSON config files. JSON is read by the same parser, since it keeps the places of every value.
import {
	Composer,
	type CST,
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	Lexer,
	LineCounter,
	type Node,
	Parser,
	visit,
} from "yaml";
import { HoldfastError } from "../values/error.ts";
import { DEEPEST, excessIn, MOST_ALIASES, MOST_TOKENS, tooDeep } from "./limits.ts";
import { type DataPath, type Place, quote, type Source } from "./source.ts";

export function readYaml(file: string, text: string): Source {
	const lines = new LineCounter();
	const refuse = (offset: number, message: string): never => {
		const place = placeAt(lines, offset);
		throw new HoldfastError("config-invalid", `${file}:${place.line}:${place.column}: ${message}`, {
			details: quote(text, place),
			hint: "fix the file, then look again with: holdfast validate",
		});
	};
	const document = documentIn(text, lines, refuse);
	refuseOdd(document, refuse);
	const value = writtenValue(document, refuse);
	const locate = (path: DataPath) => {
		const offset = offsetOf(document.contents, path);
		return offset === undefined ? undefined : placeAt(lines, offset);
	};
	const excess = excessIn(value);
	if (excess) refuse(offsetOf(document.contents, excess.path) ?? 0, excess.message);
	return { file, text, value, locate };
}

type Refuse = (offset: number, message: string) => never;

/** The library's own steps, with a look at how much there is before what is slow, or calls itself, is done with it. */
function documentIn(text: string, lines: LineCounter, refuse: Refuse): Document.Parsed {
	const parser = new Parser(lines.addNewLine);
	const tokens: CST.Token[] = [];
	let count = 0;
	lines.addNewLine(0);
	for (const lexeme of new Lexer().lex(text)) {
		if (++count > MOST_TOKENS) refuse(parser.offset, `more than ${MOST_TOKENS} words and marks`);
		for (const token of parser.next(lexeme)) tokens.push(token);
	}
	for (const token of parser.end()) tokens.push(token);
	const deep = tooDeepIn(tokens);
	if (deep !== undefined) refuse(deep, tooDeep);
	// Their own look for a key that is there twice takes the square of the keys.
	const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "error" });
	const [document, another] = [...composer.compose(tokens, true, text.length)] as Document.Parsed[];
	if (!document) throw new Error("there is a document in every text");
	const fault = document.errors[0];
	if (fault) refuse(fault.pos[0], fault.message);
	if (another) refuse(another.range[0], "a second document begins, and a config is one");
	return document;
}

/** Where maps and lists are too deep within each other. */
function tooDeepIn(tokens: readonly CST.Token[]): number | undefined {
	const open: { token: CST.Token | null | undefined; depth: number }[] = tokens.map((token) => ({
		token,
		depth: 0,
	}));
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		const { token, depth } = next;
		if (!token) continue;
		if (depth > DEEPEST) return token.offset;
		if (token.type === "document") open.push({ token: token.value, depth });
		if ("items" in token)
			for (const { key, value } of token.items)
				open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
	}
	return undefined;
}

/** Keys are texts, each once in its map; and aliases are not so many that finding what they name takes its time. */
function refuseOdd(document: Document.Parsed, refuse: Refuse): void {
	const open: unknown[] = [document.contents];
	let aliases = 0;
	for (let node = open.pop(); node !== undefined; node = open.pop()) {
		if (isAlias(node) && ++aliases > MOST_ALIASES) refuse(startOf(node), `more than ${MOST_ALIASES} aliases`);
		if (isSeq(node)) for (const item of node.items) open.push(item ?? undefined);
		if (!isMap(node)) continue;
		const keys = new Set<string>();
		for (const { key, value } of node.items) {
			if (!isScalar(key)) refuse(startOf(key), "a key is a text: no list, no map, no alias");
			else if (keys.has(String(key.value))) refuse(startOf(key), "Map keys must be unique");
			else keys.add(String(key.value));
			open.push(value ?? undefined);
		}
	}
}

const startOf = (node: unknown): number => (node as Node | undefined)?.range?.[0] ?? 0;

/** Aliases become the very value that they name: how much that comes to is counted by whoever goes through it. */
function writtenValue(document: Document.Parsed, refuse: Refuse): unknown {
	try {
		return document.toJS({ maxAliasCount: -1 });
	} catch (error) {
		let lost: unknown;
		visit(document, {
			Alias(_, alias) {
				if (alias.resolve(document)) return undefined;
				lost = alias;
				return visit.BREAK;
			},
		});
		return refuse(startOf(lost), (error as Error).message);
	}
}

function placeAt(lines: LineCounter, offset: number): Place {
	const { line, col } = lines.linePos(offset);
	return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function offsetOf(root: Node | null, path: DataPath): number | undefined {
	let node: unknown = root;
	let offset = root?.range?.[0];
	for (const part of path) {
		if (isMap(node)) {
			const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
			if (!pair) return offset;
			offset = (pair.key as Node).range?.[0] ?? offset;
			node = pair.value;
		} else if (isSeq(node)) {
			node = node.items[Number(part)];
			offset = (node as Node | undefined)?.range?.[0] ?? offset;
		} else return offset;
	}
	return offset;
}
