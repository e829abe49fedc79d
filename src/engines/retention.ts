// Decides which archives of a destination the rules (retention-rules.ts) keep, and why. Pure: nothing is deleted here.

import { secondsOf } from "../values/duration.ts";
import type { Archive } from "./archive.ts";
import { isAhead, outcomesOf, type Recorded, type Records, timeOf, withTime } from "./archive-time.ts";
import { type Retention, RULES } from "./retention-rules.ts";

export interface Decision {
	readonly archive: Archive;
	readonly keep: boolean;
	/** Reasons, such as "daily 2026-11-24" or "no rule keeps it". */
	readonly why: readonly string[];
}

/** An archive that the rules apply to. */
interface Candidate {
	readonly archive: Archive;
	readonly time: number;
	readonly outcomes: Recorded["outcomes"];
	/** Whether it uses up one of a rule's periods. Archives that this machine has no record of do not. */
	readonly counts: boolean;
}

interface Kept {
	readonly archive: Archive;
	readonly reason: string;
}

/**
 * Decide which archives of one machine in one destination to keep. Takes them in any order; returns them newest first. The
 * rules are applied to each state separately, to the archives in which it is good; an archive stays if any state needs it. As
 * with `borg prune`, an archive that one rule keeps does not count for the next, so daily 7 and weekly 4 reach back one week
 * and then four more. Always kept, whatever the rules say: archives with a hold, those that an unfinished run needs, the newest good archive of each state, and
 * archives that cannot be judged. Archives that others put there do not displace this machine's own (docs/decisions/0017).
 */
export function retain(
	archives: readonly Archive[],
	retention: Retention,
	records: Records,
	now = new Date(),
): Decision[] {
	const newestFirst = archives
		.map((archive) => ({ archive, time: timeOf(withTime(archive, records)) }))
		.sort((a, b) => b.time - a.time || b.archive.name.localeCompare(a.archive.name));
	const reasons = new Map(newestFirst.map(({ archive }) => [archive, new Map<string, string[]>()]));
	const keep = (archive: Archive, reason: string, state?: string) => {
		const own = reasons.get(archive);
		own?.set(reason, [...(own.get(reason) ?? []), ...(state === undefined ? [] : [state])]);
	};
	const candidates = newestFirst.flatMap(({ archive, time }): Candidate[] => {
		const obstacle = obstacleOf(archive, time, records, now);
		if (obstacle !== undefined) keep(archive, obstacle);
		if (records.needed?.has(archive.name)) keep(archive, NEEDED);
		const { metadata } = archive;
		if (obstacle !== undefined || metadata === undefined) return [];
		const known = records.archives.get(archive.name);
		return [
			{
				archive,
				time,
				outcomes: known?.outcomes ?? outcomesOf(metadata.states),
				counts: known !== undefined,
			},
		];
	});
	const within = secondsOf(retention.keepWithin ?? "");
	const young = new Set(
		candidates.filter(({ time }) => within !== undefined && time >= now.getTime() - within * 1000),
	);
	for (const candidate of candidates) {
		const { archive } = candidate;
		const { hold } = archive.metadata ?? {};
		if (hold !== undefined) keep(archive, `hold: ${hold.reason}`);
		if (young.has(candidate)) keep(archive, `not older than ${retention.keepWithin}`);
	}
	// Only states that this machine knows: archives of others may name any number of states.
	const own = candidates.filter(({ counts }) => counts);
	const states = new Set([...own.flatMap(({ outcomes }) => [...outcomes.keys()]), ...(records.states ?? [])]);
	keepUnmatched(candidates, keep);
	for (const state of states) {
		// A removed state gets no new archives: the rules apply to all archives, so that its old ones age with the others.
		const isCurrent = records.states?.includes(state) ?? true;
		const ruled = (some: readonly Candidate[]) => {
			if (isCurrent) return applyRules(some, young, retention);
			const holding = new Set(some.map(({ archive }) => archive));
			return applyRules(candidates, young, retention).filter(({ archive }) => holding.has(archive));
		};
		keepOf(state, candidates, ruled, keep);
	}
	const outcomes = new Map(candidates.map((one) => [one.archive, one.outcomes]));
	return newestFirst.map(({ archive }) => {
		const why = [...(reasons.get(archive) ?? [])].map(([reason, of]) =>
			inWords(reason, of, outcomes.get(archive) ?? new Map()),
		);
		return why.length > 0
			? { archive, keep: true, why }
			: { archive, keep: false, why: ["no rule keeps it"] };
	});
}

/** Keep archives without a record that are newer than every recorded good archive of a state, or the only ones of it. */
function keepUnmatched(
	candidates: readonly Candidate[],
	keep: (archive: Archive, reason: string, state: string) => void,
): void {
	const newest = new Map<string, number>();
	const good = ({ outcomes }: Candidate) =>
		[...outcomes].flatMap(([state, outcome]) => (outcome === "good" ? [state] : []));
	for (const candidate of candidates.filter(({ counts }) => counts))
		for (const state of good(candidate)) if (!newest.has(state)) newest.set(state, candidate.time);
	for (const candidate of candidates.filter(({ counts }) => !counts))
		for (const state of good(candidate)
			.filter((one) => candidate.time > (newest.get(one) ?? Number.NEGATIVE_INFINITY))
			.slice(0, MAX_STATES))
			keep(candidate.archive, UNMATCHED, state);
}

/** Keep what one state needs. */
function keepOf(
	state: string,
	candidates: readonly Candidate[],
	ruled: (newestFirst: readonly Candidate[]) => readonly Kept[],
	keep: (archive: Archive, reason: string, state: string) => void,
): void {
	const whole = candidates.filter(({ outcomes }) => outcomes.get(state) === "good");
	const newest = whole.find(({ counts }) => counts);
	if (newest) keep(newest.archive, NEWEST, state);
	for (const { archive, reason } of ruled(whole)) keep(archive, reason, state);
	// Archives since the last good one in which the state failed or is in doubt: they may be all that there is of it.
	const lastWhole = newest?.time ?? Number.NEGATIVE_INFINITY;
	for (const [outcome, words] of [
		["failed", "incomplete"],
		["suspicious", "in doubt"],
	] as const) {
		const since = candidates.filter(
			({ outcomes, time }) => outcomes.get(state) === outcome && time > lastWhole,
		);
		for (const { archive, reason } of ruled(since)) keep(archive, reason, `${state}, ${words}`);
	}
}

/** `young`: archives that are kept for their age and do not count for the rules. */
function applyRules(
	newestFirst: readonly Candidate[],
	young: ReadonlySet<Candidate>,
	retention: Retention,
): readonly Kept[] {
	const ruled = new Set(young);
	const kept: Kept[] = [];
	const oldest = newestFirst.findLast(({ counts }) => counts);
	for (const [rule, { period, why }] of Object.entries(RULES)) {
		let left = retention[rule as keyof typeof RULES] ?? 0;
		let last: string | undefined;
		for (const candidate of newestFirst) {
			if (left === 0) break;
			const { archive, time, counts } = candidate;
			const current = period(new Date(time), archive.name);
			if (current === last) continue;
			if (counts) last = current;
			if (ruled.has(candidate)) continue;
			ruled.add(candidate);
			kept.push({ archive, reason: why(current) });
			if (counts) left -= 1;
		}
		// As borg's "[oldest]": until a rule has as many archives as it may keep, it also keeps the one that reaches back furthest.
		if (left > 0 && oldest !== undefined && !ruled.has(oldest)) {
			ruled.add(oldest);
			kept.push({ archive: oldest.archive, reason: `${rule}, the oldest` });
		}
	}
	return kept;
}

const NEWEST = "the newest good one";
const NEEDED = "an unfinished run restores from it";
const UNMATCHED = "this machine has no record of a newer one";
/** How many states a reason names. */
const MAX_STATES = 5;

/** The reason with the states that it applies to, unless it applies to all states of the archive. */
function inWords(reason: string, of: readonly string[], outcomes: Recorded["outcomes"]): string {
	if (reason === NEWEST || reason === UNMATCHED) return `${reason} of ${of.join(", ")}`;
	const isOfAll = of.length === outcomes.size && of.every((state) => outcomes.has(state));
	return of.length === 0 || isOfAll ? reason : `${reason} (${of.join("; ")})`;
}

/** Why the rules cannot be applied to an archive; undefined if they can. */
function obstacleOf(
	archive: Archive,
	time: number,
	{ archives, since }: Records,
	now: Date,
): string | undefined {
	if (archive.damaged !== undefined) return "it is damaged";
	if (archive.newer !== undefined) return "it was created by a newer version of Holdfast";
	if (archive.metadata === undefined) return "it was not created by Holdfast";
	if (isAhead(time, now)) return "its time is in the future";
	if (!archives.has(archive.name) && since !== undefined && time >= Date.parse(since))
		return "this machine has no record of creating it";
	return undefined;
}
