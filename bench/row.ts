// A line of docs/benchmarks.md.
import type { Comparison } from "./measure.ts";

export interface Row {
	readonly what: string;
	readonly ours: string;
	readonly theirs: string;
	readonly ratio: string;
	/** What the ratio must keep to; or, of a row that shows what another's bound is up against, why it is here. */
	readonly bound: string;
	/** Absent when there is nothing to keep to. */
	readonly kept?: boolean;
	readonly memory?: string;
}

const seconds = (value: number) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`);

/** Our time may be at most `most` times the other's. */
export function atMost(what: string, against: string, most: number, measured: Comparison): Row {
	return {
		...shown(what, against, `≤ ${most}×`, measured),
		kept: measured.ratio.median <= most,
	};
}

/** Our time may be at most `most` seconds. */
export function within(what: string, against: string, most: number, measured: Comparison): Row {
	return { ...shown(what, against, `≤ ${seconds(most)}`, measured), kept: measured.ours <= most };
}

/** Two times of which neither is ours: what a bound of ours is up against. */
export function shown(what: string, against: string, why: string, measured: Comparison): Row {
	const { ratio, peakMiB } = measured;
	return {
		what,
		ours: seconds(measured.ours),
		theirs: `${against}: ${seconds(measured.theirs)}`,
		ratio: `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}), ${measured.pairs} pairs`,
		bound: why,
		...(peakMiB === undefined ? {} : { memory: `${Math.round(peakMiB)} MiB` }),
	};
}
