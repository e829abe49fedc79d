// What `latest` turned out to be, and why seemingly newer archives were not chosen.
import type { ListedArchive, Listing } from "../plan/archives.ts";
import { passedOver } from "../plan/choose.ts";
import type { Reporter } from "../report/reporter.ts";
import { printMessage } from "../report/terminal.ts";
import { localTime } from "../values/local-time.ts";

export function sayLatest(
	out: Reporter,
	listing: Listing,
	chosen: ListedArchive,
	{
		services = [],
		isObvious = false,
	}: {
		readonly services?: readonly string[];
		/** Which one it is need not be said, unless others were passed over. */
		readonly isObvious?: boolean;
	} = {},
): void {
	const unasked = listing.failures.filter(({ absent }) => absent !== true);
	const remarks = [
		...passedOver(listing, chosen, services).map((line) => `! passed over: ${line}`),
		...unasked.map(
			({ provider, destination, error }) =>
				`! ${provider}/${destination} could not be asked, and may hold a newer one: ${error.message}`,
		),
	];
	const { id, created } = chosen;
	const latest = `latest is ${id}${created === undefined ? "" : `, of ${localTime(created)}`}`;
	if (remarks.length > 0) printMessage([...remarks, `  ${latest}; to use another, name its id`]);
	else if (!isObvious) out.note(latest);
}

/** Says which archive a name or the beginning of one turned out to be. */
export function sayNamed(out: Reporter, wanted: string, { id, created }: ListedArchive): void {
	if (wanted === "latest" || wanted === id) return;
	out.note(`${wanted} is ${id}${created === undefined ? "" : `, of ${localTime(created)}`}`);
}
