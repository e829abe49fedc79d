// Which archive the user means, and whether it can be used for that purpose.

import type { Archive } from "../engines/archive.ts";
import { outcomeOf, timeOf } from "../engines/archive-time.ts";
import { wordsOfLost } from "../steps/work/lost.ts";
import { errorOf, HoldfastError } from "../values/error.ts";
import { listed } from "../values/listed.ts";
import { localTime } from "../values/local-time.ts";
import { nearestOfNumbered } from "../values/nearest.ts";
import { type ListedArchive, type Listing, lineOf, madeByNewer, problemOf } from "./archives.ts";
import { archivesNamed, meantBy } from "./named-archives.ts";

/** Why `latest` must not be this archive, whatever it holds. */
function whyNotLatest(archive: ListedArchive): string | undefined {
	return problemOf(archive) ?? (archive.foreign ? "was not created by Holdfast" : undefined);
}

/**
 * Archives that this machine has a record of making are preferred: anybody could have written one that only claims to be
 * newer. Newest last. If no state is named, archives in which every state is good are preferred.
 */
function candidatesFor({ archives }: Listing, services: readonly string[]): ListedArchive[] {
	const usable = archives.filter((archive) => whyNotLatest(archive) === undefined);
	const goodIn = (wanted: (archive: ListedArchive) => readonly string[]) =>
		usable.filter((archive) =>
			wanted(archive).every((state) => isGood(archive, state) && doubtOf(archive, state) === undefined),
		);
	const whole = services.length > 0 ? [] : goodIn(statesIn);
	const good = whole.length > 0 ? whole : goodIn(() => services);
	const recorded = good.filter((archive) => archive.recorded);
	if (recorded.length > 0) return recorded;
	if (good.length > 0 || archives.some((archive) => !archive.foreign)) return good;
	// If no archive is our own, as after a move from another program, use what there is.
	return archives.filter(({ ahead }) => !ahead);
}

const statesIn = ({ metadata }: Archive): string[] => Object.keys(metadata?.states ?? {});

/**
 * The states that `latest` must hold for a command that names none: all that are declared, so that it is the archive that a
 * restore of everything would use. None, if no archive holds all of them.
 */
export function statesOfLatest(listing: Listing, declared: readonly string[]): readonly string[] {
	return declared.length > 0 && candidatesFor(listing, declared).length > 0 ? declared : [];
}

/** Lines about archives that are newer than the one chosen for `latest`. */
export function passedOver(
	{ archives, lost }: Listing,
	chosen: ListedArchive,
	services: readonly string[] = [],
): string[] {
	const gone = lost
		.filter(({ created, states }) => {
			const isNewer = Date.parse(created) > timeOf(chosen);
			return isNewer && (services.length === 0 || states.some((state) => services.includes(state)));
		})
		.flatMap((one) => lineOf(one, wordsOfLost(one)));
	const said = new Set<string>();
	const newer = archives
		.slice(archives.indexOf(chosen) + 1)
		.reverse()
		.flatMap((archive) => {
			const unrecorded = archive.recorded === undefined && chosen.recorded === true;
			const why = unrecorded ? "is newer, but this machine has no record of creating it" : undefined;
			const meant = services.length > 0 ? services : statesIn(archive);
			const failed = meant.filter((state) => archive.metadata?.states[state]?.outcome === "failed");
			const without = failed.length > 0 ? `could not store ${listed(failed)}` : undefined;
			const held = services.filter((state) => Object.hasOwn(archive.metadata?.states ?? {}, state));
			const part =
				held.length > 0 && held.length < services.length ? `contains only ${listed(held)}` : undefined;
			const reason = whyNotLatest(archive) ?? why ?? doubtsOf(archive) ?? without ?? part;
			// A run's copies share their fault.
			const alike = `${archive.name} ${reason}`;
			if (said.has(alike)) return [];
			said.add(alike);
			return lineOf(archive, reason);
		});
	return [...gone, ...newer].slice(0, MAX_LINES);
}

const MAX_LINES = 5;

/** Refuse an archive whose metadata cannot be used, and say why. */
export function requireUsable(archive: ListedArchive): void {
	const { id, damaged, newer } = archive;
	if (damaged !== undefined)
		throw new HoldfastError("archive-damaged", `${id} is damaged: ${damaged}`, {
			subject: id,
			hint: "choose another with: holdfast list. Its files may be intact: restore them with the engine's own program",
		});
	if (newer !== undefined)
		throw new HoldfastError("archive-newer", `${id} ${madeByNewer(newer)}`, {
			subject: id,
			hint: "use that version of Holdfast",
		});
}

/**
 * The archive that the user named: an id as printed, a name or the beginning of one that only one archive has, or the
 * `latest` good one. `from`: as typed, for hints.
 */
export function chooseArchive(
	listing: Listing,
	wanted: string,
	services: readonly string[],
	from?: string,
): ListedArchive {
	if (listing.archives.length === 0) throw noArchives(listing, from);
	if (wanted === "latest") {
		const latest = candidatesFor(listing, services).at(-1);
		if (latest === undefined) throw noneGood(listing, services);
		return latest;
	}
	const [first, ...more] = archivesNamed(listing, wanted);
	if (first === undefined) throw notFound(listing, wanted, from);
	if (more.length > 0) throw ambiguous(wanted, [first, ...more]);
	return first;
}

function noArchives({ failures, others, lost }: Listing, from: string | undefined): HoldfastError {
	const [fault, ...more] = failures;
	// It is unknown whether there is one: the reason for that is the error.
	if (fault)
		return errorOf(
			{
				...fault.error,
				message: unlisted(fault),
				details: [...(fault.error.details ?? []), ...more.map(unlisted)],
				hint: `${fault.error.hint ?? "fix that, then try again"}${alsoOfOthers(others, from)}`,
			},
			"failed",
		);
	return new HoldfastError("no-archive", "there is no archive to restore", {
		details: lost.flatMap((one) => lineOf(one, wordsOfLost(one))).slice(0, MAX_LINES),
		hint:
			lost.length > 0
				? "do not back up data that is now damaged; look for archives elsewhere: holdfast list"
				: others.length === 0
					? "create one with: holdfast create"
					: `there are only ${ofOthers(others, from)}`,
	});
}

/** There are archives, but none can be `latest`. */
function noneGood(listing: Listing, services: readonly string[]): HoldfastError {
	const { archives, failures } = listing;
	const alone = services.filter((service) => candidatesFor(listing, [service]).length > 0);
	const lacking = alone.length < services.length ? services.filter((one) => !alone.includes(one)) : services;
	const whyNot = archives.flatMap((archive) => lineOf(archive, whyNotLatest(archive) ?? doubtsOf(archive)));
	return new HoldfastError(
		"no-archive",
		services.length > 0 ? `no complete archive of ${listed(lacking)} was found` : "no archive can be used",
		{
			details: [...failures.map(unlisted), ...whyNot.slice(-MAX_LINES)],
			hint:
				alone.length === 0
					? hintFor(archives)
					: alone.length === services.length
						? `each is complete in an archive of its own: restore them one at a time, with ${optionsOf(alone.slice(0, 1))} and so on`
						: `to restore the others: ${optionsOf(alone)}`,
		},
	);
}

function ambiguous(wanted: string, found: readonly ListedArchive[]): HoldfastError {
	const isOne = found.every(({ name }) => name === found[0]?.name);
	return new HoldfastError(
		"archive-ambiguous",
		isOne
			? `${JSON.stringify(wanted)} is in several destinations`
			: `${found.length} archives begin with ${JSON.stringify(wanted)}`,
		{
			subject: wanted,
			details: found.slice(-MAX_LINES).map(({ id }) => id),
			hint: isOne ? "name one of these by its id" : "write more of the name, or an id: holdfast list",
		},
	);
}

function notFound(listing: Listing, wanted: string, from: string | undefined): HoldfastError {
	const { archives, failures, others } = listing;
	const meant = meantBy(listing, wanted).slice(-MAX_LINES);
	const near = meant.length > 0 ? meant : archives.slice(-3);
	return new HoldfastError("archive-not-found", `there is no archive ${JSON.stringify(wanted)}`, {
		subject: wanted,
		details: [...near.map(({ id }) => id), ...failures.map(unlisted)],
		hint:
			meant.length === 0
				? `the newest are listed above; list all with: holdfast list${alsoOfOthers(others, from)}`
				: meant.length === 1
					? "did you mean the one above?"
					: "did you mean one of these?",
	});
}

const unlisted = ({ provider, destination, error }: Listing["failures"][number]) =>
	`${provider}/${destination} could not be listed: ${error.message}`;

const alsoOfOthers = (others: readonly string[], from: string | undefined) =>
	others.length === 0 ? "" : `; there are also ${ofOthers(others, from)}`;

function ofOthers(others: readonly string[], from: string | undefined): string {
	const slip = from === undefined ? undefined : nearestOfNumbered(from, others);
	const how = slip === undefined ? ": select them with --from MACHINE" : `; did you mean --from ${slip}?`;
	return `archives of ${others.slice(0, MAX_LINES).join(", ")}${how}`;
}

/** The same archive in every destination that has it, by its name or as `latest`; for an id, only that one. */
export function chooseCopies(
	listing: Listing,
	wanted: string,
	services: readonly string[],
): readonly ListedArchive[] {
	const found = wanted === "latest" ? [] : archivesNamed(listing, wanted);
	const [first] = found;
	const isOne = first !== undefined && found.every(({ name }) => name === first.name);
	const chosen = isOne ? first : chooseArchive(listing, wanted, services);
	if (wanted === chosen.id || chosen.metadata === undefined) return [chosen];
	// Compare by name, which the run chose: anyone who can write to a destination can change its metadata.
	return listing.archives.filter(({ name }) => name === chosen.name);
}

/** The options that name these states. */
export const optionsOf = (services: readonly string[]) =>
	services.map((service) => `--service ${service}`).join(" ");

function hintFor(archives: readonly ListedArchive[]): string {
	if (archives.every(({ ahead }) => ahead))
		return `check this machine's clock, which shows ${localTime(new Date().toISOString())}. If it is right, name one of the archives`;
	if (archives.some((archive) => doubtsOf(archive) !== undefined))
		return "an archive that is in doubt can be restored if you name it: holdfast list";
	return archives.every(({ foreign }) => foreign)
		? "an archive that was not created by Holdfast can be restored if you name it: holdfast list"
		: "list them with: holdfast list";
}

/** Whether an archive says that it holds the complete state; one without Holdfast's metadata is assumed to. */
export function isGood({ metadata, newer, damaged }: Archive, service: string): boolean {
	if (newer !== undefined || damaged !== undefined) return false;
	return metadata === undefined || metadata.states[service]?.outcome === "good";
}

/** Why a state in an archive is in doubt: such an archive is restored only when named, never as `latest`. */
export function doubtOf({ metadata }: Archive, service: string): string | undefined {
	const record = metadata?.states[service];
	return record !== undefined && outcomeOf(record) === "suspicious" ? record.suspicious : undefined;
}

function doubtsOf(archive: ListedArchive): string | undefined {
	const doubts = statesIn(archive).flatMap((state) => {
		const why = doubtOf(archive, state);
		return why === undefined ? [] : [`${state}: ${why}`];
	});
	return doubts.length === 0 ? undefined : `is in doubt: ${doubts.join("; ")}`;
}

/** Refuse an archive that lacks a wanted state, or holds a bad one; name all of them, with the newest good archive. */
export function requireGood(listing: Listing, archive: ListedArchive, services: readonly string[]): void {
	requireUsable(archive);
	const faults = services
		.filter((service) => !isGood(archive, service))
		.map((service) => faultOf(listing, archive, service));
	const [first, ...rest] = faults;
	if (!first) return;
	const good = services.filter((service) => isGood(archive, service));
	throw new HoldfastError("archive-incomplete", first.message, {
		subject: archive.id,
		details: rest.map(({ message, hint }) => `${message}; ${hint}`),
		hint: good.length === 0 ? first.hint : `${first.hint}; to restore the others: ${optionsOf(good)}`,
	});
}

function faultOf(listing: Listing, { metadata }: ListedArchive, service: string) {
	const record = metadata?.states[service];
	const newest = candidatesFor(listing, [service]).at(-1);
	return {
		message: record
			? `the archive marks ${service} as failed: ${record.reason ?? "no reason given"}`
			: `the archive does not contain ${service}`,
		hint: newest ? `the newest good one is ${newest.id}` : `there is no complete archive of ${service}`,
	};
}
