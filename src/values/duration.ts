// Durations as people write them: "30s", "10m", "2h", "7d", "4w", "3months", "1y".

const DAY = 86_400;
/** Of months and years the longest, because a duration says how long to keep something, or how old it may be. */
const UNITS = {
	...{ s: 1, second: 1, seconds: 1 },
	...{ m: 60, min: 60, minute: 60, minutes: 60 },
	...{ h: 3_600, hour: 3_600, hours: 3_600 },
	...{ d: DAY, day: DAY, days: DAY },
	...{ w: 7 * DAY, week: 7 * DAY, weeks: 7 * DAY },
	...{ month: 31 * DAY, months: 31 * DAY },
	...{ y: 366 * DAY, year: 366 * DAY, years: 366 * DAY },
} as const;

export const DURATION = new RegExp(`^(\\d+)\\s*(${Object.keys(UNITS).join("|")})$`);

/** Seconds, or undefined for what is not a duration. */
export function secondsOf(duration: string): number | undefined {
	const [, number, unit] = DURATION.exec(duration) ?? [];
	return unit === undefined ? undefined : Number(number) * UNITS[unit as keyof typeof UNITS];
}
