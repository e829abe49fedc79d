// Archives of a machine over all its providers and destinations, and which one a person means.
import { basename } from "node:path";
import { type ErrorReport, HoldfastError, reportOf } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import { oldestFirst } from "../providers/archive-time.ts";
import { type Archive, DestinationAbsent, type Work } from "../providers/provider.ts";
import { openDestinations } from "../providers/registry.ts";

export interface ListedArchive extends Archive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly machine: string;
	readonly provider: string;
	readonly destination: string;
}

export interface Listing {
	readonly archives: readonly ListedArchive[];
	readonly failures: readonly {
		readonly provider: string;
		readonly destination: string;
		readonly error: ErrorReport;
		/** It need not be there: a disk that was taken away. */
		readonly absent?: true;
	}[];
	/** Other machines whose archives are in the same destinations. */
	readonly others: readonly string[];
}

/** Every destination is asked; one that cannot be reached does not hide the others. Oldest first. */
export async function listArchives(
	manifest: Manifest,
	providers: readonly string[],
	work: Work,
	machine = manifest.machine,
): Promise<Listing> {
	const open = await Promise.all(
		providers.map(async (provider) =>
			(await openDestinations(manifest, provider)).map((destination) => ({ provider, destination })),
		),
	);
	const answers = await Promise.all(
		open.flat().map(async ({ provider, destination }) => {
			const at = { provider, destination: destination.name };
			try {
				const archives = await destination.list(work);
				return {
					...at,
					error: undefined,
					absent: undefined,
					machines: archives.map((archive) => archive.metadata?.machine),
					archives: archives
						.filter((archive) => belongsTo(archive, machine))
						.map((archive) => ({
							id: `${destination.name}::${destination.location}::${archive.name}`,
							machine,
							...at,
							...archive,
						})),
				};
			} catch (error) {
				work.signal.throwIfAborted();
				return {
					...at,
					machines: [],
					archives: [] as ListedArchive[],
					error: reportOf(error),
					...(error instanceof DestinationAbsent ? { absent: true as const } : {}),
				};
			}
		}),
	);
	return {
		archives: oldestFirst(answers.flatMap(({ archives }) => archives)),
		failures: answers.flatMap(({ provider, destination, error, absent }) =>
			error ? [{ provider, destination, error, ...(absent ? { absent } : {}) }] : [],
		),
		others: [...new Set(answers.flatMap(({ machines }) => machines))]
			.filter((other) => other !== undefined)
			.filter((other) => other !== machine),
	};
}

/** One repository can hold several machines. An archive that does not say whose it is belongs to whoever asks. */
function belongsTo({ metadata }: Archive, machine: string): boolean {
	return metadata === undefined || metadata.machine === machine;
}

/** The archive that a person named: an id as printed, a name that only one has, or `latest` good one. */
export function chooseArchive(listing: Listing, wanted: string, services: readonly string[]): ListedArchive {
	const { archives, failures, others } = listing;
	const elsewhere =
		others.length === 0
			? ""
			: `; archives of ${others.join(", ")} are there too: name whose with --from MACHINE`;
	const unreachable = failures.map(
		({ provider, destination, error }) => `${provider}/${destination} could not be asked: ${error.message}`,
	);
	if (archives.length === 0)
		throw new HoldfastError("failed", "there is no archive to restore", {
			details: unreachable,
			hint:
				(unreachable.length === 0 ? "make one with: holdfast create" : "mend the above, then try again") +
				elsewhere,
		});
	if (wanted === "latest") {
		const good = archives.filter((archive) => services.every((service) => isGood(archive, service)));
		const latest = good.at(-1);
		if (latest) return latest;
		throw new HoldfastError("failed", `no archive holds a good ${services.join(" and ")}`, {
			details: unreachable,
			hint: "look at them with: holdfast list",
		});
	}
	const found = archives.filter(({ id, name }) => id === wanted || name === wanted);
	if (found.length === 1 && found[0]) return found[0];
	if (found.length > 1)
		throw new HoldfastError("usage", `${JSON.stringify(wanted)} is in several destinations`, {
			details: found.map(({ id }) => id),
			hint: "name one of these",
		});
	throw new HoldfastError("usage", `there is no archive ${JSON.stringify(wanted)}`, {
		details: [...archives.slice(-3).map(({ id }) => id), ...unreachable],
		hint: `the newest are above; see all with: holdfast list${elsewhere}`,
	});
}

/**
 * What of an archive lies at and below a path, as the paths that it stores; all of it without one. A folder that was a
 * symlink is found under the path that a person knows.
 */
export function storedRoots({ metadata, id }: ListedArchive, path?: string): string[] {
	if (metadata === undefined)
		throw new HoldfastError("usage", `${id} does not describe itself: Holdfast did not make it`, {
			hint: "look into it with its engine's own program",
		});
	const states = Object.values(metadata.states).filter(({ outcome }) => outcome === "good");
	const roots = states.flatMap(({ folders, stored = {}, dumps = [] }) => [
		...folders.map((folder) => ({ known: folder, stored: stored[folder] ?? folder })),
		...dumps.map((dump) => ({ known: dump.stored, stored: dump.stored })),
	]);
	if (path === undefined) return roots.map((root) => root.stored);
	const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
	const below = roots.filter(({ known }) => within(known, path) || path === "/");
	if (below.length > 0) return below.map((root) => root.stored);
	const above = roots
		.filter(({ known }) => within(path, known))
		.sort((a, b) => b.known.length - a.known.length)
		.map((root) => root.stored + path.slice(root.known.length));
	if (above[0] !== undefined) return [above[0]];
	throw new HoldfastError("usage", `${path} is not in ${id}`, {
		hint: `it holds ${roots.map(({ known }) => known).join(", ")}`,
	});
}

/** The one path that an archive stores for a path that a person knows: a whole folder of a state, or something in one. */
export function storedPath(archive: ListedArchive, path: string): string {
	const [stored, ...more] = storedRoots(archive, path);
	if (stored !== undefined && more.length === 0 && stored.endsWith(`/${basename(path)}`)) return stored;
	throw new HoldfastError("usage", `${path} is above what ${archive.id} holds`, {
		hint: `name one of these: ${storedRoots(archive).join(", ")}`,
	});
}

/** Whether an archive says that it holds this state whole; one that says nothing is taken at its word. */
export function isGood({ metadata }: Archive, service: string): boolean {
	return metadata === undefined || (metadata.version === 1 && metadata.states[service]?.outcome === "good");
}

/** Refuse an archive that lacks a wanted state, or holds a bad one; all of them are named, with the newest good one. */
export function requireGood(listing: Listing, archive: ListedArchive, services: readonly string[]): void {
	const faults = services
		.filter((service) => !isGood(archive, service))
		.map((service) => faultOf(listing, archive, service));
	const [first, ...rest] = faults;
	if (!first) return;
	throw new HoldfastError("failed", first.message, {
		details: rest.map(({ message, hint }) => `${message}; ${hint}`),
		hint: first.hint,
	});
}

function faultOf(listing: Listing, { metadata }: ListedArchive, service: string) {
	if (metadata && metadata.version > 1)
		return {
			message: `the archive was made by a newer Holdfast (its metadata are of version ${metadata.version})`,
			hint: "restore it with that version",
		};
	const record = metadata?.states[service];
	const newest = listing.archives.filter((one) => isGood(one, service)).at(-1);
	return {
		message: record
			? `the archive marks ${service} as failed: ${record.reason ?? "no reason is given"}`
			: `the archive does not hold ${service}`,
		hint: newest ? `the newest good one is ${newest.id}` : `no archive holds a good ${service}`,
	};
}
