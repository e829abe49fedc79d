// How the commands on one archive find it.

import { destinationIn } from "../engines/archive-name.ts";
import type { Destination, Work } from "../engines/destination.ts";
import { openDestination } from "../engines/registry.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type ListedArchive, listArchives } from "../plan/archives.ts";
import { chooseArchive } from "../plan/choose.ts";
import { type CommonFlags, commonFlags, machineWord, providerFlag, valueFlag } from "./flags.ts";
import { providersOf } from "./machines.ts";
import { sayPassedOver } from "./passed-over.ts";
import { interruptible, unwatched } from "./signals.ts";

export interface Flags extends CommonFlags {
	readonly provider?: string;
	readonly machine?: string;
	readonly from?: string;
}

export const flags = {
	...commonFlags,
	provider: providerFlag,
	machine: {
		...valueFlag("the machine; may be omitted when there is only one", "MACHINE"),
		proposeCompletions: machineWord.proposeCompletions,
	},
	from: valueFlag("an archive of another machine", "MACHINE"),
} as const;

export const word = (brief: string, placeholder: string) => ({
	brief,
	placeholder,
	parse: (text: string) => text,
});
export const archiveWord = word(
	"an id as `holdfast list` prints it, a name that only one has, or `latest`",
	"ARCHIVE",
);

interface Found {
	readonly archive: ListedArchive;
	readonly destination: Destination;
	readonly work: Work;
}

export async function find(manifest: Manifest, given: Flags, wanted: string): Promise<Found> {
	const { listing, work } = await ask(manifest, given, wanted);
	const archive = chooseArchive(listing, wanted, []);
	if (wanted === "latest") sayPassedOver(listing, archive);
	return {
		archive,
		destination: await openDestination(manifest, archive.provider, archive.destination),
		work,
	};
}

/** Asks only the destinations that the id can refer to, so that one that is down does not block the others. */
export async function ask(manifest: Manifest, given: Flags, wanted: string) {
	const work = unwatched(interruptible());
	const named = destinationIn(wanted);
	const providers = providersOf(manifest, given.provider).filter((provider) => {
		const options = manifest.providers[provider];
		return (
			named === undefined ||
			options === undefined ||
			!("destinations" in options) ||
			named in options.destinations
		);
	});
	const listing = await listArchives(manifest, providers, work, given.from);
	return { listing, work };
}
