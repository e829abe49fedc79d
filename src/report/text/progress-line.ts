// A step in progress as one row: what matters most is shown first, and what does not fit is left out rather than cut.
import { counted } from "../../values/counted.ts";
import { duration, size } from "./units.ts";
import { beginningOf, endOf, widthOf } from "./wrap.ts";

export interface StepInProgress {
	readonly title: string;
	/** Since it started. */
	readonly seconds: number;
	/** Since it first reported bytes. */
	readonly flowing?: number;
	readonly bytes?: number;
	readonly totalBytes?: number;
	/** An estimate of `totalBytes`. */
	readonly expectedBytes?: number;
	readonly files?: number;
	readonly path?: string;
}

interface Part {
	readonly text: string;
	/** The part with the lowest weight is the first to go. */
	readonly weight: number;
}

const BAR_CELLS = 10;
/** From this weight on, a part is worth shortening the title for. */
const KEPT = 6;
/** Of a title. */
const SHORTEST_TITLE = 12;

/** At most `width` columns, e.g. `write to nas (borg) ██████░░░░ 62 % · 4 s left · 210 MiB/s · 1.2 GiB of 2.0 GiB`. */
export function progressLine(step: StepInProgress, width: number): string {
	const parts = partsOf(step);
	const heaviest = [...parts].sort((one, other) => other.weight - one.weight);
	const kept = heaviest.reduce((sum, { text, weight }) => (weight < KEPT ? sum : sum + widthOf(text)), 0);
	const title = shortened(step.title, Math.max(SHORTEST_TITLE, width - kept));
	let left = width - widthOf(title);
	const shown = new Set<Part>();
	for (const part of heaviest) {
		const columns = widthOf(part.text);
		if (columns > left) break;
		left -= columns;
		shown.add(part);
	}
	return beginningOf(
		`${title}${parts.flatMap((part) => (shown.has(part) ? [part.text] : [])).join("")}`,
		width,
	);
}

/** In the order of the row. */
function partsOf({ seconds, flowing = 0, bytes = 0, files, path, ...totals }: StepInProgress): Part[] {
	const total = totals.totalBytes ?? totals.expectedBytes;
	const share = bytes === 0 ? undefined : shareOf(bytes, totals);
	const speed = flowing < 1 || bytes === 0 ? undefined : bytes / flowing;
	const part = (weight: number, text: string | undefined): Part[] =>
		text === undefined ? [] : [{ weight, text }];
	return [
		...part(8, bytes === 0 && seconds >= 2 ? ` · ${duration(seconds)}` : undefined),
		...part(5, share === undefined ? undefined : ` ${bar(share)}`),
		...part(7, share === undefined ? undefined : ` ${Math.floor(share * 100)} %`),
		...part(
			6,
			share === undefined || speed === undefined || total === undefined
				? undefined
				: ` · ${left((total - bytes) / speed)} left`,
		),
		...part(4, speed === undefined ? undefined : ` · ${size(speed)}/s`),
		...part(3, bytes === 0 ? undefined : ` · ${size(bytes)}`),
		...part(2, share === undefined || total === undefined ? undefined : ` of ${size(total)}`),
		...part(1, files === undefined || files === 0 ? undefined : ` · ${counted(files, "file")}`),
		...part(0, path === undefined ? undefined : ` · ${path}`),
	];
}

/** Undefined if unknown, or if an estimate was wrong. A little more than was expected is not the end yet. */
function shareOf(
	bytes: number,
	{ totalBytes, expectedBytes }: Pick<StepInProgress, "totalBytes" | "expectedBytes">,
): number | undefined {
	if (totalBytes !== undefined) return bytes > totalBytes ? undefined : bytes / totalBytes;
	if (expectedBytes === undefined || bytes > expectedBytes * 1.1) return undefined;
	return Math.min(bytes / expectedBytes, 0.99);
}

function bar(share: number): string {
	const full = Math.floor(share * BAR_CELLS);
	return "█".repeat(full) + "░".repeat(BAR_CELLS - full);
}

/** Rounded, so that it does not flicker. */
function left(seconds: number): string {
	if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
	if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
	return seconds < 48 * 3600 ? `${Math.ceil(seconds / 3600)} h` : `${Math.ceil(seconds / 86_400)} days`;
}

/** Without its middle: its beginning says what it does, and its end to what. */
function shortened(title: string, columns: number): string {
	if (widthOf(title) <= columns) return title;
	const end = endOf(title, Math.floor((columns - 1) / 2));
	return `${beginningOf(title, columns - 1 - widthOf(end))}…${end}`;
}
