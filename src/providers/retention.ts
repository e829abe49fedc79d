// Which archives of a destination are kept, and why. Pure: nothing is deleted here.
import { secondsOf } from "../manifest/duration.ts";
import type { Retention } from "../manifest/providers.ts";
import { timeOf } from "./archive-time.ts";
import type { Archive } from "./provider.ts";

export interface Decision {
	readonly archive: Archive;
	readonly keep: boolean;
	/** In words, such as "daily 2026-11-24" or "no rule keeps it". */
	readonly why: readonly string[];
}

type Rule = "keepLast" | "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** A rule keeps the newest archive of each of its periods, for as many periods as it says. */
const RULES: readonly {
	readonly rule: Rule;
	readonly word: string;
	period(time: Date, archive: Archive): string;
}[] = [
	{ rule: "keepLast", word: "last", period: (_time, { name }) => name },
	{ rule: "hourly", word: "hourly", period: (time) => `${day(time)} ${two(time.getHours())}:00` },
	{ rule: "daily", word: "daily", period: day },
	{ rule: "weekly", word: "weekly", period: week },
	{ rule: "monthly", word: "monthly", period: (time) => day(time).slice(0, 7) },
	{ rule: "yearly", word: "yearly", period: (time) => day(time).slice(0, 4) },
];

/**
 * Decide over the archives of one machine in one destination, in any order; the answer is newest first. As with
 * `borg prune`, an archive that one rule keeps does not count for the next, so that daily 7 and weekly 4 reach back a
 * week and then four more. What is never let go, whatever the rules say: an archive with a hold, the newest good one of
 * each state, and those that something else made.
 */
export function retain(archives: readonly Archive[], retention: Retention, now = new Date()): Decision[] {
	const newestFirst = [...archives].sort((a, b) => timeOf(b) - timeOf(a) || b.name.localeCompare(a.name));
	const why = new Map<Archive, string[]>(
		newestFirst.map((archive) => [archive, protectionOf(archive, newestFirst)]),
	);
	const ruled = new Set<Archive>();
	const keepBy = (archive: Archive, reason: string) => {
		ruled.add(archive);
		why.get(archive)?.push(reason);
	};
	const ours = newestFirst.filter(({ metadata }) => metadata !== undefined);
	const since = now.getTime() - (secondsOf(retention.keepWithin ?? "") ?? 0) * 1000;
	if (retention.keepWithin !== undefined)
		for (const archive of ours)
			if (timeOf(archive) >= since) keepBy(archive, `not older than ${retention.keepWithin}`);
	for (const { rule, word, period } of RULES) {
		let left = retention[rule] ?? 0;
		let last: string | undefined;
		for (const archive of ours) {
			if (left === 0) break;
			const current = period(new Date(timeOf(archive)), archive);
			if (current === last) continue;
			last = current;
			if (ruled.has(archive)) continue;
			keepBy(archive, word === "last" ? "one of the last" : `${word} ${current}`);
			left -= 1;
		}
	}
	return newestFirst.map((archive) => {
		const reasons = why.get(archive) ?? [];
		return reasons.length > 0
			? { archive, keep: true, why: reasons }
			: { archive, keep: false, why: ["no rule keeps it"] };
	});
}

/** Why an archive may not go, whatever the rules say; empty when it may. */
function protectionOf(archive: Archive, newestFirst: readonly Archive[]): string[] {
	const { metadata } = archive;
	if (metadata === undefined) return ["Holdfast did not make it"];
	if (metadata.version > 1) return ["a newer Holdfast made it"];
	const newestOf = Object.keys(metadata.states).filter(
		(state) => newestFirst.find((one) => one.metadata?.states[state]?.outcome === "good") === archive,
	);
	return [
		...(metadata.hold === undefined ? [] : [`hold: ${metadata.hold.reason}`]),
		...(newestOf.length === 0 ? [] : [`the newest good one of ${newestOf.join(", ")}`]),
	];
}

const two = (number: number) => String(number).padStart(2, "0");

/** Days are local ones: a person's "yesterday". */
function day(time: Date): string {
	return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** The ISO week: it belongs to the year that its Thursday is in. */
function week(time: Date): string {
	const thursday = new Date(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()));
	thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
	const days = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000;
	return `${thursday.getUTCFullYear()}-W${two(Math.floor(days / 7) + 1)}`;
}
