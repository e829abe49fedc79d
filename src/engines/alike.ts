// What many archives say alike is held in memory once: their states, folders and databases hardly change from night to
// night. What they say differently is bounded in sum: a thousand descriptions are as much somebody's word as one is.
import { createHash } from "node:crypto";
import { frugal } from "../host/memory.ts";
import { recordOf } from "../values/record.ts";

/** Bytes of JSON that one archive may say as no other does without being counted as a large one. */
const LARGE = 16 * 1024;
/** What says no more than this has room whatever others say. */
const SMALL = 4 * 1024;
/** Of what all archives say differently: when the next large one, and when any, is too much. In memory it is some three times that. */
const MOST = { large: 12 * 1024 * 1024, any: 32 * 1024 * 1024 };
/** Characters: shorter texts are not worth it. */
const SHORT = 64;
/** Bytes that a map takes by itself, beside what is in it. */
const OF_A_MAP = 400;

const held = new Map<string, unknown>();
let different = 0;
let passed: ReturnType<typeof frugal> | undefined;

/**
 * The same map, with values that are held already in place of its own, and so down to so many levels below it. Undefined
 * where it says too much that others do not. `bytes`: of what it was read from.
 */
export function alike<T extends object>(map: T, levels: number, bytes: number): T | undefined {
	passed ??= frugal(true);
	passed(bytes);
	const news = new Map<string, unknown>();
	let size = OF_A_MAP;
	const shared = (value: unknown, below: number): unknown => {
		if (typeof value === "string" ? value.length < SHORT : typeof value !== "object" || value === null)
			return value;
		const text = JSON.stringify(value);
		const key = createHash("sha256").update(text).digest("base64");
		const known = held.get(key) ?? news.get(key);
		if (known !== undefined) return known;
		const isMap = below > 0 && typeof value === "object" && !Array.isArray(value);
		size += isMap ? OF_A_MAP : text.length;
		const one = isMap ? each(value as object, below - 1) : value;
		news.set(key, one);
		return one;
	};
	const each = (of: object, below: number) =>
		recordOf(Object.entries(of).map(([key, value]) => [key, shared(value, below)] as const));
	const result = each(map, levels) as T;
	if (size > SMALL && different + size > (size > LARGE ? MOST.large : MOST.any)) return undefined;
	different += size;
	for (const [key, value] of news) held.set(key, value);
	return result;
}

export const TOO_MUCH =
	"its description is large, and all that archives say here is too much to be held in memory; remove what is not yours from the destination";
