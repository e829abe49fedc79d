// Metadata that many archives have in common is held in memory once: states, folders and databases hardly change from night
// to night. The total of what differs is bounded, because anybody who can write to a destination can add archives there.
import { createHash } from "node:crypto";
import { limitGarbage } from "../host/memory.ts";
import { recordOf } from "../values/record.ts";

/** Bytes of JSON unique to one archive above which it counts as large. */
const LARGE = 16 * 1024;
/** Up to this size, an archive is accepted whatever the total is. */
const SMALL = 4 * 1024;
/** Total bytes of unique JSON above which the next large archive, or any archive, is refused. In memory they take about three times that. */
const MOST = { large: 6 * 1024 * 1024, any: 24 * 1024 * 1024 };
/** Characters: sharing shorter strings is not worth it. */
const SHORT = 64;
/** Bytes that a map takes without its content. */
const OF_A_MAP = 400;

const held = new Map<string, unknown>();
let different = 0;
let passed: ReturnType<typeof limitGarbage> | undefined;

/**
 * The same map with equal values replaced by those already in memory, down to `levels` levels below it. Undefined if too much
 * of it is unique. `bytes`: the size of the text it was read from.
 */
export function shareEqualValues<T extends object>(map: T, levels: number, bytes: number): T | undefined {
	passed ??= limitGarbage(true);
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
	"its description is large, and the descriptions of all archives in this destination do not fit in memory; remove archives that are not yours from it";
