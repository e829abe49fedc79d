// Formats values: IEC sizes, durations, times.

export function size(bytes: number): string {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
	let value = bytes;
	let unit = 0;
	while (value >= 1024 && unit < units.length - 1) {
		value /= 1024;
		unit++;
	}
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds: number): string {
	// The clock may have been set back meanwhile.
	if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes} min ${whole % 60} s`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** How long ago, which nobody needs in fractions of a second. */
export const ago = (seconds: number): string =>
	`${seconds < 60 ? `${Math.max(0, Math.round(seconds))} s` : duration(seconds)} ago`;
