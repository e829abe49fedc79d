// The rules by which archives are kept, as a config names them; retention.ts applies them. A new rule is an entry here.
import * as v from "valibot";
import { DURATION } from "../values/duration.ts";

/** A rule keeps the newest archive of each of its periods, for as many periods as it says. */
interface Rule {
	/** What it keeps, for the reference. */
	readonly about: string;
	/** The period that a time is in, and in words why an archive is kept as the newest of it. */
	period(time: Date, archive: string): string;
	why(period: string): string;
}

/** In the order in which they are applied: what one keeps does not count for the next. */
export const RULES = {
	keepLast: {
		about: "this many of the newest",
		period: (_time, archive) => archive,
		why: () => "one of the last",
	},
	hourly: {
		about: "the newest of each of this many hours",
		period: (time) => `${day(time)} ${two(time.getHours())}:00`,
		why: (period) => `hourly ${period}`,
	},
	daily: {
		about: "the newest of each of this many days",
		period: day,
		why: (period) => `daily ${period}`,
	},
	weekly: {
		about: "the newest of each of this many weeks",
		period: week,
		why: (period) => `weekly ${period}`,
	},
	monthly: {
		about: "the newest of each of this many months",
		period: (time) => day(time).slice(0, 7),
		why: (period) => `monthly ${period}`,
	},
	yearly: {
		about: "the newest of each of this many years",
		period: (time) => day(time).slice(0, 4),
		why: (period) => `yearly ${period}`,
	},
} satisfies Record<string, Rule>;
type RuleName = keyof typeof RULES;

const count = (about: string) =>
	v.pipe(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))), v.description(about));

export const retentionSchema = v.pipe(
	v.strictObject({
		keepWithin: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(DURATION, 'write a time like "24h" or "7d"'))),
			v.description('every archive that is not older than this, such as "7d"'),
		),
		...(Object.fromEntries(Object.entries(RULES).map(([rule, { about }]) => [rule, count(about)])) as Record<
			RuleName,
			ReturnType<typeof count>
		>),
	}),
	v.check(
		(rules) => Object.values(rules).some((rule) => rule !== undefined && rule !== 0),
		"says nothing to keep: name at least one rule, such as daily: 7",
	),
	v.description("which archives `holdfast prune` keeps; without it, none is pruned"),
);
export type Retention = v.InferOutput<typeof retentionSchema>;

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
