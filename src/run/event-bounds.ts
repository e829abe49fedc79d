// Keeps each event of a run within one line of the stream (`LONGEST_RECORD` in host/lines.ts), however many states a config
// has. What does not fit was told by earlier events, or follows in further ones; the journal keeps all of it.
import { clip } from "../values/clip.ts";
import { MAX_TEXT } from "../values/error-bounds.ts";
import { jsonText } from "../values/printable.ts";
import type { EventBody, RunSummary, StepLine } from "./event.ts";

/** Bytes of a list of steps, and of a step's result. */
const MAX_PART = 512 * 1024;
/** Bytes of the lists in a run's last event: together less than a line. */
const MAX_FAILURES = 512 * 1024;
const MAX_RESULTS = 192 * 1024;
const MAX_UNITS = 128 * 1024;
const MAX_LEFT = 64 * 1024;
const MAX_STUCK = 64 * 1024;

/** The steps of a plan, in as many parts as there are events for them: at least one. */
export function stepParts(steps: readonly StepLine[]): [StepLine[], ...StepLine[][]] {
	const parts: [StepLine[], ...StepLine[][]] = [[]];
	let part = parts[0];
	let left = MAX_PART;
	for (const { title, label, ...step } of steps) {
		const line = {
			...{ ...step, title: clip(title, MAX_TEXT) },
			...(label === undefined ? {} : { label: clip(label, MAX_TEXT) }),
		};
		const bytes = bytesOf(line);
		if (bytes > left && part.length > 0) {
			part = [];
			parts.push(part);
			left = MAX_PART;
		}
		part.push(line);
		left -= bytes;
	}
	return parts;
}

/** An event that is within the limits stays as it is. */
export function boundedEvent(body: EventBody): EventBody {
	if (body.type === "run-ended") return { ...body, ...boundedSummary(body) };
	if (!("title" in body)) return body;
	const titled = { ...body, title: clip(body.title, MAX_TEXT) };
	if (titled.type !== "step-done" || titled.result === undefined) return titled;
	return { ...titled, result: boundedResult(titled.result) };
}

function boundedSummary({ failures, results, stuck, left, units, ...rest }: RunSummary): RunSummary {
	const omitted: Record<string, number> = {};
	const fit = <T>(name: string, all: readonly T[], most: number): T[] => {
		const kept = firstOf(all, most);
		if (kept.length < all.length) omitted[name] = all.length - kept.length;
		return kept;
	};
	// From the end: what a run made comes last.
	const latest = fit("results", Object.entries(results).reverse(), MAX_RESULTS);
	return {
		...rest,
		failures: fit("failures", failures, MAX_FAILURES),
		results: Object.fromEntries(latest.reverse()),
		...(stuck ? { stuck: fit("stuck", stuck, MAX_STUCK) } : {}),
		...(left ? { left: fit("left", left, MAX_LEFT) } : {}),
		...(units ? { units: fit("units", units, MAX_UNITS) } : {}),
		...(Object.keys(omitted).length === 0 ? {} : { omitted }),
	};
}

/** Of a result that is too long, the first entries of each list, and how many more there are. */
function boundedResult(result: unknown): unknown {
	if (bytesOf(result) <= MAX_PART) return result;
	if (Array.isArray(result)) return shortened(result, MAX_PART);
	if (typeof result !== "object" || result === null) return null;
	const entries = Object.entries(result);
	const share = Math.floor(MAX_PART / entries.length);
	const short = entries.flatMap(([key, value]): [string, unknown][] => {
		if (Array.isArray(value)) return [[key, shortened(value, share)]];
		return bytesOf(value) > share ? [] : [[key, value]];
	});
	// The keys count, too.
	return Object.fromEntries(firstOf(short, MAX_PART));
}

function shortened(list: readonly unknown[], most: number): unknown[] {
	const kept = firstOf(list, most);
	if (kept.length === list.length || !list.every((one) => typeof one === "string")) return kept;
	return [...kept, `… and ${list.length - kept.length} more`];
}

function firstOf<T>(all: readonly T[], most: number): T[] {
	let left = most;
	const end = all.findIndex((one) => {
		left -= bytesOf(one);
		return left < 0;
	});
	return end < 0 ? [...all] : all.slice(0, end);
}

/** As `jsonText` writes it, which is never shorter than plain JSON; and the comma after it. */
const bytesOf = (value: unknown): number => Buffer.byteLength(jsonText(value)) + 1;
