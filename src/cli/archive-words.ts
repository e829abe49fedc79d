// The grammar for naming an archive, the same for every command: [MACHINE] [PROVIDER|DESTINATION] ARCHIVE.
import { destinationIn } from "../engines/archive-name.ts";
import type { Machines } from "../fleet/select.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import { isSurelyArchive, lineMeant } from "./archive-order.ts";
import {
	type CommandLine,
	ownersOf,
	placeNamed,
	placeOfId,
	unknownPlace,
	type Where,
} from "./archive-place.ts";
import { providersOf } from "./machines.ts";
import { asTyped } from "./typed.ts";

export const ARCHIVE_USAGE = "[MACHINE] [PROVIDER|DESTINATION] ARCHIVE";

/** For the descriptions of the commands. */
export const ARCHIVE_HELP = [
	"ARCHIVE is `latest`, an id as `holdfast list` prints it, or a name or the",
	"beginning of a name, with a digit of its date, that only one archive has.",
	"MACHINE, PROVIDER and DESTINATION may be omitted where they are clear: an id",
	"says where it is, and `latest` alone is the newest good archive of all",
	"destinations that holds what is to be restored: all states, or those named",
	"with --service. Of a run's copies, it is that of the first destination in the",
	"config.",
].join("\n");

/** What a command takes after the archive: nothing, perhaps a path, or one word that must be there. */
export type Following = "nothing" | "perhaps a path" | "one word";

export interface Named {
	readonly where: Where;
	/** `latest`, an id, a name or the beginning of one. */
	readonly wanted: string;
	/** The word after the archive. */
	readonly following?: string;
}

/**
 * The machine that the words name, or that the id fits. Undefined if only the config can say which is meant. `from`: the
 * machine whose archive it is, if that is another: then an id says nothing about the machine that is meant.
 */
export async function machineInWords(
	words: readonly string[],
	following: Following,
	{ names, resolve, placesWritten }: Pick<Machines, "names" | "resolve" | "placesWritten">,
	{ line, from }: { readonly line: readonly string[]; readonly from?: string | undefined },
): Promise<string | undefined> {
	const [first = "", ...more] = following === "one word" ? words.slice(0, -1) : words;
	if (names.includes(first) && more.length > 0) {
		// MACHINE PROVIDER ARCHIVE can only begin with a machine.
		const isPlain = more.length === 1 || (following === "perhaps a path" && isSurelyArchive(more[0] ?? ""));
		const other = names.find((name) => name !== first && placesWritten(name).includes(first));
		if (isPlain && other !== undefined) throw machineOrPlace(line, first, placesWritten(first), other);
		return first;
	}
	if (names.length === 1) return undefined;
	// An unknown machine, which is reported as such: it cannot be anything else, or is all but typed right.
	if (more.length === 2 && following !== "perhaps a path") return first;
	const isMisspelled = more.length > 0 && !isSurelyArchive(first) && nearest(first, names) !== undefined;
	if (isMisspelled && !names.some((name) => placesWritten(name).includes(first))) return first;
	if (from !== undefined) return undefined;
	const id = words.find((word) => destinationIn(word) !== undefined);
	const destination = id === undefined ? undefined : destinationIn(id);
	if (id === undefined || destination === undefined) return undefined;
	const able = [...(await resolve()).values()].filter((one) => ownersOf(one, destination).length > 0);
	// An archive is named after its machine.
	const [only, ...others] =
		able.length === 1 ? able : able.filter(({ machine }) => id.includes(`::${machine}-`));
	return others.length === 0 ? only?.machine : undefined;
}

/** `places`: those of the machine of this name. `other`: a machine that has a place of this name. */
function machineOrPlace(
	line: readonly string[],
	word: string,
	[place = "PROVIDER"]: readonly string[],
	other: string,
): HoldfastError {
	return new HoldfastError("usage", `"${word}" is a machine, and also where "${other}" has archives`, {
		details: [asTyped(line, word, word, place), asTyped(line, word, other, word)],
		hint: "type one of these",
	});
}

/** `provider`: that of the flag `--provider`. Throws a usage error that says what to type instead. */
export function readArchiveWords(
	typed: readonly string[],
	following: Following,
	manifest: Manifest,
	{ provider, ...line }: CommandLine & { readonly provider?: string | undefined },
): Named {
	// As pasted from a table.
	const words = typed.map((word) => word.trim() || word);
	const head = headOf(words, following, manifest);
	const last = head.length < words.length ? typed.at(-1) : undefined;
	const [wanted = "", place, machine] = [...head].reverse();
	const meant = () => lineMeant(manifest, head, line);
	if (machine !== undefined && machine !== manifest.machine) {
		const other = meant();
		throw new HoldfastError("machine-not-found", `this config has no machine "${machine}"`, {
			subject: machine,
			hint: other === undefined ? `write: ${ARCHIVE_USAGE}` : `did you mean: ${other}`,
		});
	}
	const named = place === undefined ? undefined : placeNamed(manifest, place, line.words);
	// A provider may be called like its machine: then two words are a provider and an archive.
	if (place !== undefined && named === undefined && (machine !== undefined || place !== manifest.machine))
		throw unknownPlace(manifest, place, line, meant());
	if (place === undefined) requireArchive(wanted, manifest, line);
	return {
		wanted,
		where: placeOfId(manifest, wanted, withProvider(named, provider, manifest)),
		...(last === undefined ? {} : { following: last }),
	};
}

/** A single word that names something else. An archive that is called so has an id too. */
function requireArchive(word: string, manifest: Manifest, line: CommandLine): void {
	if (Object.hasOwn(manifest.state, word)) throw unknownPlace(manifest, word, line);
	const what =
		word === manifest.machine
			? "machine"
			: Object.hasOwn(manifest.providers, word)
				? "provider"
				: ownersOf(manifest, word).length > 0
					? "destination"
					: undefined;
	if (what === undefined) return;
	throw new HoldfastError("usage", `"${word}" is a ${what}: name an archive too`, {
		hint: asTyped(line.words, word, word, "latest"),
	});
}

/** The words that name the archive, without the one that follows them. */
function headOf(words: readonly string[], following: Following, manifest: Manifest): readonly string[] {
	if (following === "one word") return words.slice(0, -1);
	const [last = "", before] = [...words].reverse();
	if (following === "nothing" || before === undefined || isSurelyArchive(last)) return words;
	const isPlace =
		before === manifest.machine ||
		Object.hasOwn(manifest.state, before) ||
		placeNamed(manifest, before, words) !== undefined;
	return last.includes("/") || !isPlace ? words.slice(0, -1) : words;
}

function withProvider(named: Where | undefined, provider: string | undefined, manifest: Manifest): Where {
	if (named === undefined) return { providers: providersOf(manifest, provider) };
	if (provider === undefined || named.providers.includes(provider)) return named;
	throw new HoldfastError(
		"usage",
		`two providers are named: ${named.providers.join(", ")}, and --provider ${provider}`,
		{
			hint: "leave out --provider",
		},
	);
}

/** `--service $NAME latest` with an empty variable: the option takes the archive. */
export function requireServiceNames(services: readonly string[] = [], { state }: Manifest): void {
	const taken = services.find((one) => !Object.hasOwn(state, one) && isSurelyArchive(one));
	if (taken === undefined) return;
	throw new HoldfastError("usage", `--service takes the name of a state, and "${taken}" is an archive`, {
		hint: `write --service NAME ${taken}; a variable before it may have been empty. The states are: ${Object.keys(state).join(", ")}`,
	});
}
