// The retention rules of the config; retention.ts applies them. To add a rule, add an entry here.
import * as v from "valibot";
import { DURATION, secondsOf } from "../values/duration.ts";

/** A rule keeps the newest archive of each period, for a configured number of periods. */
interface Rule {
	/** What it keeps; shown in the reference. */
	readonly about: string;
	/** The period of a time. `why`: the reason shown for the archive that is kept for a period. */
	period(time: Date, archive: string): string;
	why(period: string): string;
}

/** In the order in which they are applied: an archive that one rule keeps does not count for the next. */
export const RULES = {
	keepLast: {
		about: "how many of the newest archives to keep",
		period: (_time, archive) => archive,
		why: () => "one of the last",
	},
	hourly: {
		about: "for how many hours to keep the newest archive of the hour",
		period: (time) => `${day(time)} ${two(time.getHours())}:00`,
		why: (period) => `hourly ${period}`,
	},
	daily: {
		about: "for how many days to keep the newest archive of the day",
		period: day,
		why: (period) => `daily ${period}`,
	},
	weekly: {
		about: "for how many weeks to keep the newest archive of the week",
		period: week,
		why: (period) => `weekly ${period}`,
	},
	monthly: {
		about: "for how many months to keep the newest archive of the month",
		period: (time) => day(time).slice(0, 7),
		why: (period) => `monthly ${period}`,
	},
	yearly: {
		about: "for how many years to keep the newest archive of the year",
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
			v.optional(
				v.pipe(v.string(), v.regex(DURATION, 'write a time like "24h", "7d", "4w", "3months" or "1y"')),
			),
			v.description(
				'keep all archives that are not older than this, such as "7d", "4w", "3months" or "1y"; at least "1h"',
			),
		),
		...(Object.fromEntries(Object.entries(RULES).map(([rule, { about }]) => [rule, count(about)])) as Record<
			RuleName,
			ReturnType<typeof count>
		>),
	}),
	v.check(
		(rules) => Object.values(rules).some((rule) => rule !== undefined && rule !== 0),
		"keeps nothing: set at least one rule, such as daily: 7",
	),
	v.description("which archives `holdfast prune` keeps; without it, nothing is pruned"),
);
export type Retention = v.InferOutput<typeof retentionSchema>;

const LEAST_WITHIN_SECONDS = 3_600;

/** Why a config may not have this retention. Stored manifests may. */
export function retentionFaults({ keepWithin }: Retention) {
	if (keepWithin === undefined || (secondsOf(keepWithin) ?? 0) >= LEAST_WITHIN_SECONDS) return [];
	return [
		{
			option: "keepWithin",
			message: `"${keepWithin}" keeps archives for less than an hour`,
			hint: /m$/.test(keepWithin)
				? '"m" means minutes; for months, write a time like "3months"'
				: 'write a time like "24h", "7d", "4w", "3months" or "1y"',
		},
	];
}

const two = (number: number) => String(number).padStart(2, "0");

/** The day in local time, so that it matches a person's "yesterday". */
function day(time: Date): string {
	return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** The ISO week. It belongs to the year of its Thursday. */
function week(time: Date): string {
	const thursday = new Date(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()));
	thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
	const days = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000;
	return `${thursday.getUTCFullYear()}-W${two(Math.floor(days / 7) + 1)}`;
}

const FIRST_RULES = "retention: { keepWithin: 1d, daily: 7, weekly: 4, monthly: 6 }";

/** Lines of YAML of a provider for a first config. What is deleted is for its owner to say, so they are comments. */
export const FIRST_RETENTION: readonly string[] = [
	"# Without a retention, archives are kept for ever, until the disk is full. Remove the # of the next line to keep those of",
	"# one day, and then the newest of each of 7 days, 4 weeks and 6 months; `holdfast prune --dry-run` shows what would go.",
	`# ${FIRST_RULES}`,
];
