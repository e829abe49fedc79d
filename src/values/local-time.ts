// A moment, as people are told it.

/** Local time with the offset left out: for people, beside RFC 3339 in data. */
export function localTime(time: string): string {
	const date = new Date(time);
	const two = (value: number) => String(value).padStart(2, "0");
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
