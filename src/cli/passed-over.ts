// Said where a person asks for `latest`, and an archive that seems to be newer is not the one that is meant.
import type { ListedArchive, Listing } from "../plan/archives.ts";
import { passedOver } from "../plan/choose.ts";
import { printMessage } from "../report/terminal.ts";

export function sayPassedOver(
	listing: Listing,
	chosen: ListedArchive,
	services: readonly string[] = [],
): void {
	const lines = passedOver(listing, chosen, services);
	if (lines.length === 0) return;
	printMessage([
		...lines.map((line) => `! passed over: ${line}`),
		`  latest is ${chosen.id}; name another by its id to have that`,
	]);
}
