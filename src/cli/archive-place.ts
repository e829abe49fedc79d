// Where an archive is looked for: a provider, a destination, or both, as the user names them.
import { destinationIn } from "../engines/archive-name.ts";
import { destinationsIn } from "../engines/list.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";
import { shellLine } from "../values/shell.ts";
import { asTyped } from "./typed.ts";

/** The command line, for hints. */
export interface CommandLine {
	readonly words: readonly string[];
	/** Whether the command has `--service`. */
	readonly takesService: boolean;
}

/** In every destination of these providers, or in those of this name. */
export interface Where {
	readonly providers: readonly string[];
	readonly destination?: string;
}

/** The providers with a destination of this name. One without destinations is its own. */
export function ownersOf({ providers }: Manifest, destination: string): string[] {
	return Object.entries(providers).flatMap(([name, options]) => {
		const isOwner =
			"destinations" in options ? Object.hasOwn(destinationsIn(options), destination) : name === destination;
		return isOwner ? [name] : [];
	});
}

/** The names of all providers and destinations. */
export function placesIn({ providers }: Manifest): string[] {
	return Object.entries(providers).flatMap(([name, one]) => [name, ...Object.keys(destinationsIn(one))]);
}

/** Whether a word is `PROVIDER`, `DESTINATION`, or `PROVIDER/DESTINATION`. */
export function isPlace(manifest: Manifest, word: string): boolean {
	const [provider = "", destination] = word.split("/");
	if (destination !== undefined) return ownersOf(manifest, destination).includes(provider);
	return Object.hasOwn(manifest.providers, word) || ownersOf(manifest, word).length > 0;
}

/** `PROVIDER`, `DESTINATION`, or `PROVIDER/DESTINATION` as `list` prints them; undefined if it is neither. */
export function placeNamed(manifest: Manifest, word: string, typed: readonly string[]): Where | undefined {
	if (Object.hasOwn(manifest.providers, word)) return { providers: [word] };
	const [provider = "", destination] = word.split("/");
	if (destination !== undefined)
		return ownersOf(manifest, destination).includes(provider)
			? { providers: [provider], destination }
			: undefined;
	const owners = ownersOf(manifest, word);
	if (owners.length === 0) return undefined;
	if (owners.length === 1) return { providers: owners, destination: word };
	throw new HoldfastError("usage", `"${word}" is a destination of ${owners.join(" and of ")}`, {
		details: owners.map((owner) => asTyped(typed, word, `${owner}/${word}`)),
		hint: "name the provider too, as above",
	});
}

/** Where the id of an archive says it is. `named`: where it was looked for until now. */
export function placeOfId(manifest: Manifest, id: string, { providers, destination }: Where): Where {
	const name = destinationIn(id);
	if (name === undefined) return { providers, ...(destination === undefined ? {} : { destination }) };
	const owners = ownersOf(manifest, name);
	if (owners.length === 0) throw unknownId(manifest, name, id);
	const both = owners.filter((owner) => providers.includes(owner));
	if (both.length > 0 && (destination ?? name) === name) return { providers: both, destination: name };
	throw new HoldfastError(
		"usage",
		`the archive is in ${owners.map((owner) => `${owner}/${name}`).join(", ")} by its id`,
		{
			hint: "leave out where it is: an id says it",
		},
	);
}

/** `name`: what stands before the archive's name, which may be an address as in borg's own ids. */
function unknownId(manifest: Manifest, name: string, id: string): HoldfastError {
	const archive = id.slice(id.lastIndexOf("::") + 2);
	const provider = Object.hasOwn(manifest.providers, name) ? name : undefined;
	const destinations = Object.values(manifest.providers).flatMap((one) => Object.keys(destinationsIn(one)));
	const place = provider ?? nearest(name, destinations) ?? owner(manifest, name);
	return new HoldfastError(
		"archive-not-found",
		`machine "${manifest.machine}" has no destination "${name}"`,
		{
			subject: id,
			hint:
				place === undefined
					? `${placesOf(manifest)}; see the ids with: holdfast list`
					: `did you mean: ${shellLine([place, archive])}`,
		},
	);
}

/** The destination at an address. */
function owner({ providers }: Manifest, address: string): string | undefined {
	for (const options of Object.values(providers))
		for (const [name, one] of Object.entries(destinationsIn(options)))
			if (Object.values(one).includes(address)) return name;
	return undefined;
}

/** For a word that is no provider and no destination. `line`: the one that was meant, if that is known. */
export function unknownPlace(
	manifest: Manifest,
	word: string,
	{ words, takesService }: CommandLine,
	line?: string,
): HoldfastError {
	const { machine, state } = manifest;
	const isState = Object.hasOwn(state, word);
	const isAlone = !words.includes("latest") && !words.some((one) => destinationIn(one) !== undefined);
	const meant = nearest(word, placesIn(manifest));
	const otherwise = line === undefined ? placesOf(manifest) : `did you mean: ${line}`;
	const typed = asTyped(
		words,
		word,
		...(takesService ? ["--service", word] : []),
		...(isAlone ? ["latest"] : []),
	);
	return new HoldfastError(
		"provider-not-found",
		isState
			? `"${word}" is a state, and not where an archive is`
			: `machine "${machine}" has no provider or destination "${word}"`,
		{
			subject: word,
			hint: isState ? typed : meant === undefined ? otherwise : `did you mean "${meant}"?`,
		},
	);
}

function placesOf({ providers }: Manifest): string {
	const each = Object.entries(providers).map(([name, options]) => {
		const destinations = Object.keys(destinationsIn(options));
		return destinations.length === 0 ? name : `${name} (${destinations.join(", ")})`;
	});
	return `its providers and their destinations are: ${each.join(", ") || "none"}`;
}
