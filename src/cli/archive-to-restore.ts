// Finds the archive that a restore means, and checks that it holds what is asked for.
import { destinationIn } from "../engines/archive-name.ts";
import type { Work } from "../engines/destination.ts";
import { places } from "../host/places.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type ListedArchive, type Listing, listArchives } from "../plan/archives.ts";
import { chooseArchive, isGood, optionsOf, requireGood } from "../plan/choose.ts";
import { requireStates } from "../plan/order.ts";
import { chosenOf } from "../plan/targets.ts";
import { Journal } from "../run/journal.ts";
import { HoldfastError } from "../values/error.ts";
import { listed } from "../values/listed.ts";
import type { Named } from "./archive-words.ts";
import type { MachineCall } from "./command.ts";
import { sayLatest, sayNamed } from "./passed-over.ts";

/**
 * An archive that is named by its full id, was made here and is good is not looked up: a look-up costs an engine as much
 * as a small restore. If the archive no longer exists, the engine reports it before anything is touched.
 */
export function knownArchive(
	manifest: Manifest,
	{ where, wanted }: Named,
	services: readonly string[],
): ListedArchive | undefined {
	if (destinationIn(wanted) === undefined) return undefined;
	using journal = Journal.read(places().state);
	const made = journal.archive(wanted);
	if (
		made === undefined ||
		!where.providers.includes(made.provider) ||
		made.metadata.machine !== manifest.machine
	)
		return undefined;
	const archive = { ...made, machine: manifest.machine, created: made.metadata.created };
	return services.every((service) => isGood(archive, service)) ? archive : undefined;
}

/** Choose the archive from those that the destinations list. */
export async function listedArchive(
	{ manifest, out }: MachineCall,
	{ where, wanted }: Named,
	services: readonly string[],
	{ from, path = [] }: { readonly from?: string; readonly path?: readonly string[] },
	work: Work,
): Promise<ListedArchive> {
	const listing = await listArchives(manifest, where.providers, work, {
		from,
		destination: where.destination,
	});
	const isHeld = (service: string) =>
		listing.archives.some(({ metadata }) => Object.hasOwn(metadata?.states ?? {}, service));
	const unheld = services.filter((service) => !isHeld(service));
	requireStates(manifest, unheld);
	// An archive without metadata is assumed to hold the declared states.
	const isTold =
		listing.archives.length > 0 &&
		listing.failures.length === 0 &&
		listing.archives.every(({ metadata }) => metadata !== undefined);
	if (unheld.length > 0 && path.length === 0 && isTold) throw heldByNone(manifest, listing, services, unheld);
	const archive = chooseArchive(listing, wanted, services, from);
	if (wanted === "latest") sayLatest(out, listing, archive, { services });
	sayNamed(out, wanted, archive);
	// With --path, an archive that holds the path under another state's name will do.
	if (path.length > 0) chosenOf(manifest, archive, services, path);
	requireGood(listing, archive, services);
	return archive;
}

/** The error names the archives that hold a state's folders under another name: the state was renamed or moved. */
function heldByNone(
	manifest: Manifest,
	{ archives }: Listing,
	services: readonly string[],
	unheld: readonly string[],
): HoldfastError {
	const before = unheld.flatMap((service) => {
		const folders = manifest.state[service]?.folders ?? [];
		for (const { id, metadata } of [...archives].reverse())
			for (const [state, held] of Object.entries(metadata?.states ?? {})) {
				const folder = held.folders.find((one) => folders.includes(one));
				if (folder !== undefined)
					return [
						`${id} contains ${folder} as part of state "${state}"; to inspect it: holdfast restore --into FOLDER --service ${state} …`,
					];
			}
		return [];
	});
	const held = services.filter((service) => !unheld.includes(service));
	return new HoldfastError("no-archive", `no complete archive of ${listed(unheld)} was found`, {
		details: before,
		hint:
			held.length === 0
				? "list the archives with: holdfast list"
				: `to restore the others: ${optionsOf(held)}`,
	});
}
