// How the commands on one archive take its name and find it.

import type { Destination, Work } from "../engines/destination.ts";
import { openDestination } from "../engines/registry.ts";
import { type ListedArchive, type Listing, listArchives } from "../plan/archives.ts";
import { chooseArchive, statesOfLatest } from "../plan/choose.ts";
import { ARCHIVE_USAGE, type Following, machineInWords, readArchiveWords } from "./archive-words.ts";
import type { MachineCall } from "./command.ts";
import {
	type CommonFlags,
	commonFlags,
	fromFlag,
	machineFlag,
	proposeArchiveWords,
	providerFlag,
} from "./flags.ts";
import type { MachineName } from "./machines.ts";
import { sayLatest, sayNamed } from "./passed-over.ts";
import { interruptible, unwatched } from "./signals.ts";

export interface Flags extends CommonFlags {
	readonly provider?: string;
	readonly machine?: string;
	readonly from?: string;
}

export const flags = {
	...commonFlags,
	provider: providerFlag,
	machine: machineFlag("the machine; may be omitted when there is only one"),
	from: fromFlag("use an archive of this other machine"),
} as const;

/** The words of a command that names one archive: their usage line, and their definition for the parser. */
export function archiveWords(following: Following = "nothing", placeholder = "") {
	const after = { nothing: "", "perhaps a path": ` [${placeholder}]`, "one word": ` ${placeholder}` }[
		following
	];
	const least = following === "one word" ? 2 : 1;
	return {
		usage: `${ARCHIVE_USAGE}${after}`,
		following,
		positional: {
			kind: "array",
			parameter: {
				// The usage line and the description say it.
				brief: "",
				parse: (text: string) => text,
				placeholder: least === 1 ? "ARCHIVE" : `ARCHIVE${after}`,
				proposeCompletions: proposeArchiveWords,
			},
			minimum: least,
			maximum: following === "nothing" ? 3 : 4,
		},
		machine: (
			{ machine, from }: CommonFlags & { readonly machine?: string; readonly from?: string },
			words: readonly string[],
			line: readonly string[],
		): MachineName => machine ?? ((config) => machineInWords(words, following, config, { line, from })),
	} as const;
}

interface Found {
	readonly archive: ListedArchive;
	readonly destination: Destination;
	readonly work: Work;
	/** The word after the archive. */
	readonly following?: string;
}

export async function find(
	call: MachineCall,
	given: Flags,
	words: readonly string[],
	following: Following = "nothing",
): Promise<Found> {
	const { wanted, listing, work, ...asked } = await ask(call, given, words, following);
	const services = statesOfLatest(listing, Object.keys(call.manifest.state));
	const archive = chooseArchive(listing, wanted, services, given.from);
	if (wanted === "latest")
		sayLatest(call.out, listing, archive, { services, isObvious: isOfOnePlace(listing) });
	sayNamed(call.out, wanted, archive);
	return {
		archive,
		destination: await openDestination(call.manifest, archive.provider, archive.destination),
		work,
		...(asked.following === undefined ? {} : { following: asked.following }),
	};
}

const isOfOnePlace = ({ archives, failures }: Listing) =>
	new Set([...archives, ...failures].map(({ provider, destination }) => `${provider}/${destination}`))
		.size === 1;

/** Asks only the destinations that the words can refer to, so that one that is down does not block the others. */
export async function ask(
	{ manifest, words: line }: MachineCall,
	{ provider, from }: Flags,
	words: readonly string[],
	following: Following = "nothing",
) {
	const named = readArchiveWords(words, following, manifest, { words: line, takesService: false, provider });
	const work = unwatched(interruptible());
	const { providers, destination } = named.where;
	return { ...named, listing: await listArchives(manifest, providers, work, { from, destination }), work };
}
