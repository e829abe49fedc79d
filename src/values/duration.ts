// Durations as people write them: "30s", "10m", "2h", "7d".

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export const DURATION = /^(\d+)\s*([smhd])$/;

/** Seconds, or undefined for what is not a duration. */
export function secondsOf(duration: string): number | undefined {
	const [, number, unit] = DURATION.exec(duration) ?? [];
	return unit === undefined ? undefined : Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
