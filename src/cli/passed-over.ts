// The remark when someone asks for `latest` and a seemingly newer archive was not chosen.
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
		`  latest is ${chosen.id}; to use another, name it by its id`,
	]);
}
