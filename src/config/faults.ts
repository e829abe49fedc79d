// Reports the faults of a config as one error, each with its line.
import type { Fault } from "../manifest/faults.ts";
import { HoldfastError } from "../values/error.ts";
import type { Origin } from "../values/origin.ts";
import { shellLine } from "../values/shell.ts";
import { MAX_FAULTS } from "./limits.ts";
import { quote, whereIs } from "./source.ts";

/** Maximum characters for one fault: it may quote a very long name. */
const LONGEST_LINE = 2_000;

/** One error with the first faults, each with its line. A fault in a tag is reported once, not for each machine. */
export function configError(
	file: string,
	faults: readonly Fault[],
	hint = `fix the file, then check it with: ${shellLine(["holdfast", "validate", "--config", file])}`,
): HoldfastError {
	const each = inOrderOfLines([...new Map(faults.map((fault) => [sameness(fault), fault])).values()]);
	const blocks = each.slice(0, MAX_FAULTS).map((fault) => blockOf(file, fault));
	const more = each.length - MAX_FAULTS;
	if (more > 0) blocks.push({ headline: `and ${more} more`, quoted: [] });
	const [first, ...rest] = blocks;
	return new HoldfastError("config-invalid", first?.headline ?? `${file}: not valid`, {
		subject: file,
		details: [...(first?.quoted ?? []), ...rest.flatMap((block) => [block.headline, ...block.quoted])],
		hint,
	});
}

/** In the order of the file, whichever pass found them. Faults without a line come first. */
function inOrderOfLines(faults: readonly Fault[]): Fault[] {
	const files = ["", ...new Set(faults.map(fileOf))];
	return faults.toSorted(
		(one, other) =>
			files.indexOf(fileOf(one)) - files.indexOf(fileOf(other)) ||
			(one.origin?.offset ?? 0) - (other.origin?.offset ?? 0),
	);
}

const fileOf = ({ origin }: Fault) => origin?.source.file ?? "";

function sameness({ path, message, hint, origin }: Fault): string {
	return origin === undefined
		? JSON.stringify([path, message, hint])
		: JSON.stringify([origin.source.file, origin.offset, message, hint]);
}

function blockOf(file: string, { path, message, hint, origin }: Fault) {
	const where = origin === undefined ? file : whereIs(origin);
	const by = origin?.by === undefined ? "" : ` (${origin.by})`;
	const at = path.length > 0 ? ` (${path.join(".")})` : "";
	const headline = `${where}: ${message}${by}${hint ? `; ${hint}` : ""}${at}`;
	return {
		headline: headline.length > LONGEST_LINE ? `${headline.slice(0, LONGEST_LINE)} …` : headline,
		quoted: origin === undefined ? [] : quote(origin),
	};
}

/** A line for each fault: where it is, and what it is. */
export const headlinesOf = (file: string, faults: readonly Fault[]): string[] =>
	faults.map((fault) => blockOf(file, fault).headline);

/** Lines about faults that do not matter to a command. */
export function remarksOn(file: string, faults: readonly Fault[]): string[] {
	if (faults.length === 0) return [];
	const { message, details } = configError(file, faults);
	return [
		message,
		...details.filter((line) => !line.startsWith(" ")),
		"this is not needed here and is ignored; create, prune, check and validate refuse it: fix the file",
	];
}

/** An error at one place in a file. */
export function errorAt(origin: Origin, message: string): HoldfastError {
	return configError(origin.source.file, [{ path: [], message, origin }]);
}
