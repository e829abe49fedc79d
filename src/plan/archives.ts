import type { Archive } from "../engines/archive.ts";
import { archiveId } from "../engines/archive-name.ts";
import { isAhead, oldestRunFirst, type Records, timeOf, withTime } from "../engines/archive-time.ts";
import { type Destination, DestinationAbsent, isBusy, type Work } from "../engines/destination.ts";
import { withHintIfKnown } from "../engines/known-before.ts";
import { belongsTo, machineOf, wordsOfTime } from "../engines/metadata.ts";
import { openDestinations } from "../engines/registry.ts";
import { places } from "../host/places.ts";
import type { Manifest } from "../manifest/schema.ts";
import { lockHolder } from "../run/lock.ts";
import { type LostArchive, wordsOfLost } from "../steps/work/lost.ts";
import { reportOf } from "../values/error.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import { openRecords } from "./records.ts";

export interface ListedArchive extends Archive {
	/** `destination::location::name`. */
	readonly id: string;
	readonly machine: string;
	readonly provider: string;
	readonly destination: string;
	/** Not made by Holdfast, in a destination whose archives otherwise have metadata. */
	readonly foreign?: true;
	/** It is dated in the future. */
	readonly ahead?: true;
}

export interface Listing {
	readonly archives: readonly ListedArchive[];
	/** A line for each archive that cannot be used or examined. */
	readonly problems: readonly string[];
	readonly failures: readonly {
		readonly provider: string;
		readonly destination: string;
		readonly error: ErrorReport;
		/** The destination is optional, like a disk that may be unplugged. */
		readonly absent?: true;
	}[];
	/** Archives that this machine made and that are missing. */
	readonly lost: readonly LostArchive[];
	/** Other machines with archives in the same destinations. */
	readonly others: readonly string[];
}

/**
 * Every destination is asked, or those called `destination`; one that cannot be reached does not hide the others. Oldest
 * first, by effective time; of the copies of one run, the first destination's is last (archive-time.ts). `from`: whose archives, if not this machine's.
 */
export async function listArchives(
	manifest: Manifest,
	providers: readonly string[],
	work: Work,
	{
		from: machine = manifest.machine,
		destination: only,
	}: { readonly from?: string | undefined; readonly destination?: string | undefined } = {},
): Promise<Listing> {
	const open = await Promise.all(
		providers.map(async (provider) =>
			(await openDestinations(manifest, provider))
				.filter(({ name }) => only === undefined || name === only)
				.map((destination) => ({ provider, destination })),
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
					lost: book.lost(destination, own, Object.keys(manifest.state)),
				};
			} catch (error) {
				work.signal.throwIfAborted();
				return {
					...at,
					machines: [],
					archives: [] as ListedArchive[],
					lost: [],
					error:
						(isBusy(error) ? ownRun() : undefined) ??
						reportOf(withHintIfKnown(error, book.of(destination, []))),
					...(error instanceof DestinationAbsent ? { absent: true as const } : {}),
				};
			}
		}),
	).finally(() => book.close());
	const lost = answers.flatMap((answer) => answer.lost);
	const archives = oldestRunFirst(answers.flatMap((answer) => answer.archives));
	return {
		archives,
		problems: [
			...archives.flatMap((archive) => lineOf(archive, problemOf(archive))),
			...lost.flatMap((archive) => lineOf(archive, wordsOfLost(archive))),
		],
		lost,
		failures: answers.flatMap(({ provider, destination, error, absent }) =>
			error ? [{ provider, destination, error, ...(absent ? { absent } : {}) }] : [],
		),
		others: [...new Set(answers.flatMap(({ machines }) => machines))]
			.filter((other) => other !== undefined)
			.filter((other) => other !== machine),
	};
}

/** If the engine is waiting for a run of this machine, name that run: no other program is in the way. */
function ownRun(): ErrorReport | undefined {
	const holder = lockHolder(places().runtime);
	if (holder === undefined || holder.pid === process.pid) return undefined;
	return {
		code: "locked",
		message: `it is in use: ${holder.doing} is running on this machine${holder.run === undefined ? "" : ` (run ${holder.run})`}`,
		hint: "try again when that run has ended; see: holdfast status",
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
		id: archiveId(destination, archive.name),
		machine,
		provider,
		destination: destination.name,
		...timed,
		...(saysNothing && destination.writeMetadata !== undefined ? { foreign: true as const } : {}),
		...(isAhead(timeOf(timed)) ? { ahead: true as const } : {}),
	};
}

/** What the user should know about an archive; nothing about one that Holdfast did not make. */
export function problemOf({ damaged, newer, ahead, created }: ListedArchive): string | undefined {
	if (damaged !== undefined) return `is damaged: ${damaged}`;
	if (newer !== undefined) return madeByNewer(newer);
	return ahead ? `is dated ${created}, ${wordsOfTime}` : undefined;
}

export const madeByNewer = ({ version }: { readonly version: number }) =>
	`was created by a newer version of Holdfast (metadata version ${version})`;

export const lineOf = ({ id }: Pick<ListedArchive, "id">, what: string | undefined) =>
	what === undefined ? [] : [`${id} ${what}`];
