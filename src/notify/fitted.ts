// The text of a message within a service's limit: what happened comes first and is kept; the log is what gives way.
import type { Notification } from "./notification.ts";

const GAP = "[…]";

/**
 * At most `mostBytes` of UTF-8. The log keeps its end, where it states the reason. If even the outcome is too long, it is cut
 * in the middle: the reason is at its beginning, and what to do next at its end.
 */
export function fitted({ body, log }: Pick<Notification, "body" | "log">, mostBytes: number): string {
	const lines = body.split("\n");
	const kept = bytesOf(lines) <= mostBytes ? lines : withoutMiddle(lines, mostBytes);
	if (log.length === 0 || kept !== lines) return kept.join("\n");
	const above = [...lines, "", "The end of its log:"];
	if (bytesOf([...above, ...log]) <= mostBytes) return [...above, ...log].join("\n");
	const end = lastOf(log, mostBytes - bytesOf([...above, GAP, ""]));
	return (end.length === 0 ? lines : [...above, GAP, ...end]).join("\n");
}

function withoutMiddle(lines: readonly string[], mostBytes: number): string[] {
	const half = Math.floor((mostBytes - bytesOf(["", GAP, ""])) / 2);
	const text = Buffer.from(lines.join("\n"));
	const whole = (part: Buffer) => part.toString("utf8").replaceAll("\uFFFD", "");
	return [whole(text.subarray(0, half)), GAP, whole(text.subarray(-half))];
}

/** As many of the last lines as fit; of a longer last line, its end. */
function lastOf(lines: readonly string[], mostBytes: number): readonly string[] {
	let from = lines.length;
	while (from > 0 && bytesOf(lines.slice(from - 1)) <= mostBytes) from--;
	if (from < lines.length || mostBytes < 1) return lines.slice(from);
	const last = Buffer.from(lines.at(-1) ?? "").subarray(-mostBytes);
	return [last.toString("utf8").replaceAll("\uFFFD", "")];
}

const bytesOf = (lines: readonly string[]) => Buffer.byteLength(lines.join("\n"));
