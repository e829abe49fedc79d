// Said where a person asks for `latest`, and an archive that seems to be newer is not the one that is meant.
import { type ListedArchive, type Listing, passedOver } from "../plan/archives.ts";
import { printable } from "../report/units.ts";

export function sayPassedOver(listing: Listing, chosen: ListedArchive): void {
	const lines = passedOver(listing, chosen);
	for (const line of lines) process.stderr.write(`! passed over: ${printable(line)}\n`);
	if (lines.length > 0)
		process.stderr.write(`  latest is ${printable(chosen.id)}; name another by its id to have that\n`);
}
