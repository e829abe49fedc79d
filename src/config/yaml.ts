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
	type Node,
	Parser,
} from "yaml";
import { type Origin, type Source, withOrigins } from "../values/origin.ts";
import { errorAt } from "./faults.ts";
import { DEEPEST, excessIn, MOST_ALIASES, MOST_TOKENS, tooDeep } from "./limits.ts";

/** What the text says, with the origin of each key and item. */
export function readYaml(source: Source): unknown {
	const refuse = (offset: number, message: string): never => {
		throw errorAt({ source, offset }, message);
	};
	const document = documentIn(source.text, refuse);
	refuseOdd(document, refuse);
	const value = writtenValue(document, source, refuse);
	const excess = excessIn(value);
	if (excess) throw errorAt(excess.origin ?? { source, offset: 0 }, excess.message);
	return value;
}

type Refuse = (offset: number, message: string) => never;

/** The library's own steps, with a look at how much there is before what is slow, or calls itself, is done with it. */
function documentIn(text: string, refuse: Refuse): Document.Parsed {
	const parser = new Parser();
	const tokens: CST.Token[] = [];
	let count = 0;
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
function writtenValue(document: Document.Parsed, source: Source, refuse: Refuse): unknown {
	const made = new Map<unknown, unknown>();
	const plain = (node: unknown): unknown => {
		if (isAlias(node)) {
			const named = node.resolve(document);
			if (!named) return refuse(startOf(node), `Unresolved alias: ${node.source}`);
			return made.has(named) ? made.get(named) : plain(named);
		}
		if (isScalar(node)) return node.value;
		const container: Record<string, unknown> | unknown[] = isSeq(node) ? [] : {};
		made.set(node, container);
		const origins: Record<string, Origin> = {};
		const put = (key: string | number, value: unknown, offset: number) => {
			setOwn(container, key, plain(value));
			setOwn(origins, key, { source, offset });
		};
		if (isSeq(node)) for (const [index, item] of node.items.entries()) put(index, item, startOf(item));
		if (isMap(node))
			for (const { key, value } of node.items)
				put(String((key as { readonly value?: unknown }).value ?? ""), value, startOf(key));
		return withOrigins(container, origins);
	};
	return document.contents === null ? null : plain(document.contents);
}

/** A key may be `__proto__`. */
function setOwn(container: object, key: string | number, value: unknown): void {
	if (key === "__proto__")
		Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
	else (container as Record<string | number, unknown>)[key] = value;
}
