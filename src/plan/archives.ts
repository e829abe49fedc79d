// Archives of a machine over all its providers and destinations, and which one a person means.
import { basename } from "node:path";
import { places } from "../host/places.ts";
import { type ErrorReport, HoldfastError, reportOf } from "../manifest/error.ts";
import { localTime } from "../manifest/local-time.ts";
import type { Manifest } from "../manifest/schema.ts";
import {
	isAhead,
	oldestFirst,
	outcomeOf,
	type Records,
	timeOf,
	withTime,
} from "../providers/archive-time.ts";
import { belongsTo, machineOf, wordsOfTime } from "../providers/metadata.ts";
import {
	type Archive,
	type Destination,
	DestinationAbsent,
	isBusy,
	type Work,
} from "../providers/provider.ts";
import { openDestinations } from "../providers/registry.ts";
import { lockHolder } from "../run/lock.ts";
import { openRecords } from "./records.ts";

export interface ListedArchive extends Archive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly machine: string;
	readonly provider: string;
	readonly destination: string;
	/** Something else than Holdfast made it, in a destination whose archives otherwise say what they hold. */
	readonly foreign?: true;
	/** Its time is yet to come. */
	readonly ahead?: true;
}

export interface Listing {
	readonly archives: readonly ListedArchive[];
	/** A line for each archive that cannot be used, or not be judged. */
	readonly problems: readonly string[];
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

/**
 * Every destination is asked; one that cannot be reached does not hide the others. Oldest first, by the time that counts
 * (archive-time.ts).
 */
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
	const book = openRecords(machine, work);
	const answers = await Promise.all(
		open.flat().map(async ({ provider, destination }) => {
			const at = { provider, destination: destination.name };
			try {
				const archives = await destination.list(work);
				const own = archives.filter((archive) => belongsTo(archive, machine));
				const records = book.of(destination, own);
				return {
					...at,
					error: undefined,
					absent: undefined,
					machines: archives.map(machineOf),
					archives: own.map((archive) => listed(archive, machine, provider, destination, records)),
				};
			} catch (error) {
				work.signal.throwIfAborted();
				return {
					...at,
					machines: [],
					archives: [] as ListedArchive[],
					error: (isBusy(error) ? ownRun() : undefined) ?? reportOf(error),
					...(error instanceof DestinationAbsent ? { absent: true as const } : {}),
				};
			}
		}),
	).finally(() => book.close());
	const archives = oldestFirst(answers.flatMap((answer) => answer.archives));
	return {
		archives,
		problems: archives.flatMap((archive) => lineOf(archive, problemOf(archive))),
		failures: answers.flatMap(({ provider, destination, error, absent }) =>
			error ? [{ provider, destination, error, ...(absent ? { absent } : {}) }] : [],
		),
		others: [...new Set(answers.flatMap(({ machines }) => machines))]
			.filter((other) => other !== undefined)
			.filter((other) => other !== machine),
	};
}

/** An engine that waits for a run of this machine's own waits for no other program. */
function ownRun(): ErrorReport | undefined {
	const holder = lockHolder(places().runtime);
	if (holder === undefined || holder.pid === process.pid) return undefined;
	return {
		message: `it is in use: ${holder.doing} runs on this machine now${holder.run === undefined ? "" : ` (run ${holder.run})`}`,
		hint: "try again when that is over; see: holdfast status",
	};
}

function listed(
	archive: Archive,
	machine: string,
	provider: string,
	destination: Destination,
	records: Records,
): ListedArchive {
	const timed = withTime(archive, records);
	const { metadata, newer, damaged } = timed;
	const saysNothing = metadata === undefined && newer === undefined && damaged === undefined;
	return {
		id: `${destination.name}::${destination.location}::${archive.name}`,
		machine,
		provider,
		destination: destination.name,
		...timed,
		...(saysNothing && destination.capabilities.describesItself ? { foreign: true as const } : {}),
		...(isAhead(timeOf(timed)) ? { ahead: true as const } : {}),
	};
}

/** What a person should know of an archive; nothing of one that something else made. */
function problemOf({ damaged, newer, ahead, created }: ListedArchive): string | undefined {
	if (damaged !== undefined) return `is damaged: ${damaged}`;
	if (newer !== undefined) return madeByNewer(newer);
	return ahead ? `is dated ${created}, ${wordsOfTime}` : undefined;
}

const madeByNewer = ({ version }: { readonly version: number }) =>
	`was made by a newer Holdfast (its metadata are of version ${version})`;

/** Why `latest` is not to be this one, whatever it holds. */
function whyNotLatest(archive: ListedArchive): string | undefined {
	return problemOf(archive) ?? (archive.foreign ? "was made by something else" : undefined);
}

/**
 * What this machine has a record of making comes first: what is newer by its own word alone may be anybody's. Newest
 * last.
 */
function candidatesFor({ archives }: Listing, services: readonly string[]): ListedArchive[] {
	const good = archives.filter(
		(archive) =>
			whyNotLatest(archive) === undefined &&
			services.every((service) => isGood(archive, service) && doubtOf(archive, service) === undefined),
	);
	const recorded = good.filter((archive) => archive.recorded);
	if (recorded.length > 0) return recorded;
	if (good.length > 0 || archives.some((archive) => !archive.foreign)) return good;
	// Where there is nothing of ours at all, as after a move from another program, they are what there is.
	return archives.filter(({ ahead }) => !ahead);
}

/** Lines on archives that are newer than the one that `latest` came to mean. */
export function passedOver({ archives }: Listing, chosen: ListedArchive): string[] {
	return archives
		.slice(archives.indexOf(chosen) + 1)
		.reverse()
		.flatMap((archive) => {
			const unrecorded = archive.recorded === undefined && chosen.recorded === true;
			const why = unrecorded ? "is newer, and this machine has no record of making it" : undefined;
			return lineOf(archive, whyNotLatest(archive) ?? why ?? doubtsOf(archive));
		})
		.slice(0, MOST_LINES);
}

const MOST_LINES = 5;

const lineOf = ({ id }: ListedArchive, what: string | undefined) =>
	what === undefined ? [] : [`${id} ${what}`];

/** Refuse an archive of which nothing can be told, and say why. */
export function requireUsable(archive: ListedArchive): void {
	const { id, damaged, newer } = archive;
	if (damaged !== undefined)
		throw new HoldfastError("failed", `${id} is damaged: ${damaged}`, {
			hint: "choose another with: holdfast list. Its files may be whole: its engine's own program can restore them",
		});
	if (newer !== undefined)
		throw new HoldfastError("failed", `${id} ${madeByNewer(newer)}`, { hint: "use that version" });
}

/** The archive that a person named: an id as printed, a name that only one has, or `latest` good one. */
export function chooseArchive(listing: Listing, wanted: string, services: readonly string[]): ListedArchive {
	const { archives, failures, others } = listing;
	const elsewhere =
		others.length === 0
			? ""
			: `; archives of ${others.slice(0, MOST_LINES).join(", ")} are there too: name whose with --from MACHINE`;
	const unreachable = failures.map(
		({ provider, destination, error }) => `${provider}/${destination} could not be asked: ${error.message}`,
	);
	const [fault, ...more] = failures;
	// Whether there is one is not known: the reason is the error.
	if (archives.length === 0 && fault)
		throw new HoldfastError(
			"failed",
			`${fault.provider}/${fault.destination} could not be asked for archives: ${fault.error.message}`,
			{
				details: [...(fault.error.details ?? []), ...(more.length > 0 ? unreachable.slice(1) : [])],
				hint: `${fault.error.hint ?? "fix that, then try again"}${elsewhere}`,
			},
		);
	if (archives.length === 0)
		throw new HoldfastError("failed", "there is no archive to restore", {
			hint: `make one with: holdfast create${elsewhere}`,
		});
	if (wanted === "latest") {
		const latest = candidatesFor(listing, services).at(-1);
		if (latest) return latest;
		const none = services.length > 0 ? `holds a good ${services.join(" and ")}` : "can be used";
		throw new HoldfastError("failed", `no archive ${none}`, {
			details: [
				...unreachable,
				...archives
					.flatMap((archive) => lineOf(archive, whyNotLatest(archive) ?? doubtsOf(archive)))
					.slice(-MOST_LINES),
			],
			hint: hintFor(archives),
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

/** The same archive in every destination that has it, by the name that a run gave it or as `latest`; of an id, that one. */
export function chooseCopies(listing: Listing, wanted: string): ListedArchive[] {
	const named = listing.archives.filter(({ name }) => name === wanted);
	const [first] = named;
	const run = first?.metadata?.run;
	const isOne = run !== undefined && named.every(({ metadata }) => metadata?.run === run);
	const chosen = first && isOne ? first : chooseArchive(listing, wanted, []);
	if (wanted === chosen.id || chosen.metadata === undefined) return [chosen];
	return listing.archives.filter(
		({ name, metadata }) => name === chosen.name && metadata?.run === chosen.metadata?.run,
	);
}

function hintFor(archives: readonly ListedArchive[]): string {
	if (archives.every(({ ahead }) => ahead))
		return `is this machine's clock right? It says ${localTime(new Date().toISOString())}. If it is, name one of the archives`;
	if (archives.some((archive) => doubtsOf(archive) !== undefined))
		return "one that is in doubt is restored when it is named: holdfast list";
	return archives.every(({ foreign }) => foreign)
		? "an archive that something else made is restored when it is named: holdfast list"
		: "look at them with: holdfast list";
}

/**
 * What of an archive lies at and below a path, as the paths that it stores; all of it without one. A folder that was a
 * symlink is found under the path that a person knows.
 */
export function storedRoots(archive: ListedArchive, path?: string): string[] {
	requireUsable(archive);
	const { metadata, id } = archive;
	if (metadata === undefined)
		throw new HoldfastError("usage", `${id} does not describe itself: Holdfast did not make it`, {
			hint: "look into it with its engine's own program",
		});
	const isGoodOne = ({ outcome }: { readonly outcome: string }) => outcome === "good";
	const states = Object.values(metadata.states).filter(isGoodOne);
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
	const failed = Object.entries(metadata.states)
		.filter(([, state]) => !isGoodOne(state))
		.filter(([, { folders }]) => folders.some((one) => within(path, one) || within(one, path)))
		.map(([name]) => `it holds nothing of state ${name}: that failed in this run`);
	throw new HoldfastError("usage", `${path} is not in ${id}`, {
		hint:
			failed[0] ?? (roots.length === 0 ? NOTHING : `it holds ${roots.map(({ known }) => known).join(", ")}`),
	});
}

const NOTHING = "it holds nothing: every state failed in this run";

/** The one path that an archive stores for a path that a person knows: a whole folder of a state, or something in one. */
export function storedPath(archive: ListedArchive, path: string): string {
	const [stored, ...more] = storedRoots(archive, path);
	if (stored !== undefined && more.length === 0 && stored.endsWith(`/${basename(path)}`)) return stored;
	throw new HoldfastError("usage", `${path} is above what ${archive.id} holds`, {
		hint: `name one of these: ${storedRoots(archive).join(", ")}`,
	});
}

/** Whether an archive says that it holds this state whole; one that bears no mark of ours is taken to. */
export function isGood({ metadata, newer, damaged }: Archive, service: string): boolean {
	if (newer !== undefined || damaged !== undefined) return false;
	return metadata === undefined || metadata.states[service]?.outcome === "good";
}

/** Why there is reason to doubt a state that an archive holds: it is restored when it is named, and is no `latest`. */
export function doubtOf({ metadata }: Archive, service: string): string | undefined {
	const record = metadata?.states[service];
	return record !== undefined && outcomeOf(record) === "suspicious" ? record.suspicious : undefined;
}

function doubtsOf(archive: ListedArchive): string | undefined {
	const doubts = Object.keys(archive.metadata?.states ?? {}).flatMap((state) => {
		const why = doubtOf(archive, state);
		return why === undefined ? [] : [`${state}: ${why}`];
	});
	return doubts.length === 0 ? undefined : `is in doubt: ${doubts.join("; ")}`;
}

/** Refuse an archive that lacks a wanted state, or holds a bad one; all of them are named, with the newest good one. */
export function requireGood(listing: Listing, archive: ListedArchive, services: readonly string[]): void {
	requireUsable(archive);
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
	const record = metadata?.states[service];
	const newest = candidatesFor(listing, [service]).at(-1);
	return {
		message: record
			? `the archive marks ${service} as failed: ${record.reason ?? "no reason is given"}`
			: `the archive does not hold ${service}`,
		hint: newest ? `the newest good one is ${newest.id}` : `no archive holds a good ${service}`,
	};
}
