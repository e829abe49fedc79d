// YAML and JSON config files. JSON goes through the same parser, because it keeps the position of every value. The library
// returns a flat list of events with positions, from which the values are built here.
import {
	type AliasEvent,
	boolCoreTag,
	EVENT_ID,
	type Event,
	floatCoreTag,
	getScalarValue,
	intCoreTag,
	type MappingEvent,
	NOT_RESOLVED,
	nullCoreTag,
	SCALAR_STYLE,
	type ScalarEvent,
	type SequenceEvent,
} from "js-yaml";
import { type Origin, type Source, withOrigins } from "../values/origin.ts";
import { type Parsed, parsedText } from "./brackets.ts";
import { errorAt } from "./faults.ts";
import { DEEPEST, excessIn, MAX_ALIASES, MAX_TOKENS } from "./limits.ts";

/** The values in the text, with the origin of each key and item. */
export function readYaml(source: Source): unknown {
	const refuse = (offset: number, message: string): never => {
		throw errorAt({ source, offset: Math.max(offset, 0) }, message);
	};
	const value = new Reading(source, parsed(source.text, refuse), refuse).document();
	const excess = excessIn(value);
	if (excess) throw errorAt(excess.origin ?? { source, offset: 0 }, excess.message);
	return value;
}

type Refuse = (offset: number, message: string) => never;

const MARKS = /[\n,:[\]{}?&*-]/g;

function parsed(text: string, refuse: Refuse): Parsed {
	let count = 0;
	// A shorter text cannot contain that many.
	if (text.length > MAX_TOKENS)
		for (const { index } of text.matchAll(MARKS))
			if (++count > MAX_TOKENS) refuse(index, `more than ${MAX_TOKENS} words and punctuation marks`);
	return parsedText(text, DEEPEST, refuse);
}

type NodeEvent = ScalarEvent | SequenceEvent | MappingEvent | AliasEvent;

/** A single pass through the events of a text. */
class Reading {
	readonly #source: Source;
	readonly #text: string;
	readonly #events: readonly Event[];
	readonly #given: (offset: number) => number;
	readonly #refuse: Refuse;
	readonly #named = new Map<string, unknown>();
	#at = 0;
	#aliases = 0;

	constructor(source: Source, { text, events, given }: Parsed, refuse: Refuse) {
		this.#source = source;
		this.#text = text;
		this.#events = events;
		this.#given = given;
		this.#refuse = (offset, message) => refuse(given(offset), message);
	}

	document(): unknown {
		if (this.#next()?.type !== EVENT_ID.DOCUMENT) return null;
		const first = this.#node();
		const value = first ? this.#value(first) : null;
		this.#next();
		if (this.#next())
			this.#refuse(startOf(this.#node()), "a second document begins, but a config must be a single one");
		return value;
	}

	#next(): Event | undefined {
		return this.#events[this.#at++];
	}

	/** The next node of the open map, list or document; undefined at its end. */
	#node(): NodeEvent | undefined {
		const event = this.#next();
		return event && event.type !== EVENT_ID.POP && event.type !== EVENT_ID.DOCUMENT ? event : undefined;
	}

	/** The value that begins with this event. */
	#value(event: NodeEvent): unknown {
		const text = this.#text;
		if (event.type === EVENT_ID.ALIAS) return this.#namedBy(event);
		const name = event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
		const tag = event.tagStart < 0 ? undefined : text.slice(event.tagStart, event.tagEnd);
		if (event.type === EVENT_ID.SCALAR) {
			const value = scalar(getScalarValue(text, event), event, tag);
			if (value === NOT_RESOLVED) this.#refuse(event.tagStart, `the tag "${tag}" is not supported`);
			if (name !== undefined) this.#named.set(name, value);
			return value;
		}
		const isList = event.type === EVENT_ID.SEQUENCE;
		if (tag !== undefined && tag !== (isList ? "!!seq" : "!!map"))
			this.#refuse(event.tagStart, `the tag "${tag}" is not supported`);
		const container = isList ? [] : {};
		if (name !== undefined) this.#named.set(name, container);
		const origins = isList ? this.#items(container as unknown[], event) : this.#pairs(container);
		return withOrigins(container, origins);
	}

	#originAt(offset: number): Origin {
		return { source: this.#source, offset: this.#given(offset) };
	}

	#items(list: unknown[], { start }: SequenceEvent | MappingEvent): Record<string, Origin> {
		const origins: Record<string, Origin> = {};
		for (let item = this.#node(); item; item = this.#node()) {
			const offset = startOf(item);
			origins[list.length] = this.#originAt(offset < 0 ? start : offset);
			list.push(this.#value(item));
		}
		return origins;
	}

	/** Keys are strings and unique in their map. */
	#pairs(map: object): Record<string, Origin> {
		const origins: Record<string, Origin> = {};
		for (let key = this.#node(); key; key = this.#node()) {
			const offset = startOf(key);
			if (key.type !== EVENT_ID.SCALAR)
				return this.#refuse(offset, "a key must be a string, not a list, a map or an alias");
			const name = getScalarValue(this.#text, key);
			if (Object.hasOwn(origins, name)) this.#refuse(offset, `the key "${name}" occurs twice in this map`);
			setOwn(origins, name, this.#originAt(offset));
			const value = this.#node();
			setOwn(map, name, value ? this.#value(value) : null);
		}
		return origins;
	}

	/** The same object that the alias names. The code that walks the values counts it each time. */
	#namedBy({ anchorStart, anchorEnd }: AliasEvent): unknown {
		const name = this.#text.slice(anchorStart, anchorEnd);
		if (++this.#aliases > MAX_ALIASES) this.#refuse(anchorStart - 1, `more than ${MAX_ALIASES} aliases`);
		if (!this.#named.has(name))
			this.#refuse(anchorStart - 1, `unresolved alias: no anchor &${name} precedes it`);
		return this.#named.get(name);
	}
}

const TAGS = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag] as const;
/** The first characters of values that are not strings. */
const OTHER_THAN_TEXT = /^(?:$|[-+.~0-9nNtTfF])/;

/** A plain scalar may be a number, true, false or null. */
function scalar(text: string, { style }: ScalarEvent, tag: string | undefined): unknown {
	if (tag === "!" || tag === "!!str") return text;
	if (tag !== undefined) {
		const known = TAGS.find(({ tagName }) => tagName === tag.replace(/^!!/, "tag:yaml.org,2002:"));
		return known ? known.resolve(text, true, known.tagName) : NOT_RESOLVED;
	}
	if (style !== SCALAR_STYLE.PLAIN || !OTHER_THAN_TEXT.test(text)) return text;
	for (const one of TAGS) {
		const value = one.resolve(text, false, one.tagName);
		if (value !== NOT_RESOLVED) return value;
	}
	return text;
}

/** The offset of a node; negative if the node is omitted. */
function startOf(event: NodeEvent | undefined): number {
	if (event === undefined) return -1;
	if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
	if (event.type !== EVENT_ID.SCALAR) return event.start;
	const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
	return event.valueStart - (isQuoted ? 1 : 0);
}

/** A key may be `__proto__`. */
function setOwn(container: object, key: string, value: unknown): void {
	if (key === "__proto__")
		Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
	else (container as Record<string, unknown>)[key] = value;
}
