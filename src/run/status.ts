// A machine's status: whether each state has a recent good archive in each destination, and how the last runs ended. From
// the journal alone: no destination is asked, so it is fast and works while they are unavailable.

import { archiveId } from "../engines/archive-name.ts";
import { isAhead, outcomeOf } from "../engines/archive-time.ts";
import { wordsOfTime } from "../engines/metadata.ts";
import type { At } from "../engines/registry.ts";
import { maxAgeOf } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import { unprotected } from "../manifest/warnings.ts";
import type { KnownArchive } from "../steps/records.ts";
import { snapshotDrop } from "../steps/snapshot-drop.ts";
import { accepting } from "../steps/work/expectations.ts";
import { consistencyOf } from "../values/consistency.ts";
import { ownValue } from "../values/record.ts";
import { debtLines } from "./debts.ts";
import type { Journal } from "./journal.ts";
import { type FailedUpkeep, isRolledBack, type RunRow } from "./journal-rows.ts";
import { lineOf, type UnfinishedRun } from "./unfinished-runs.ts";
import { type Unsent, unsentLine } from "./unsent.ts";

export interface ArchiveStatus {
	readonly state: string;
	/** `provider/destination` */
	readonly destination: string;
	/** The newest good archive; absent if this machine has made none there. */
	readonly archive?: string;
	/** RFC 3339. */
	readonly created?: string;
	readonly ageSeconds?: number;
	readonly maxAgeSeconds: number;
	/** How well its parts fit together in that archive: a word of consistency.ts. */
	readonly consistency?: string;
	/** Bytes of the state in that archive, and the growth in a week; absent if an earlier version counted the whole archive only. */
	readonly bytes?: number;
	readonly growthBytes?: number;
	readonly isLate: boolean;
	/** There is none, but this machine has made some at another address: the current one. */
	readonly location?: string;
	/** Folders that are in the config but not in the newest good archive. */
	readonly missing?: readonly string[];
	/** A newer archive is stored, but in doubt: its id, and why. */
	readonly doubt?: string;
	/** The run of the destination's last check, if that failed: listed archives may be missing or damaged. */
	readonly failedCheck?: string;
	/** Archives that are dated in the future: none of them counts. */
	readonly ahead?: readonly string[];
}

export interface LastRun {
	readonly operation: string;
	readonly run: string;
	readonly started: string;
	/** Undefined while it is running. */
	readonly outcome?: string;
	/** For a recovered run: it was rolled back, not finished. */
	readonly isRolledBack?: true;
}

export interface MachineStatus {
	readonly machine: string;
	/** RFC 3339: the time of the answer, by the machine's own clock. */
	readonly time: string;
	readonly archives: readonly ArchiveStatus[];
	/** The last create, prune and check. */
	readonly runs: readonly LastRun[];
	/** The problems, one line each; empty if all is well. */
	readonly problems: readonly string[];
}

const OPERATIONS = ["create", "prune", "check"] as const;
const WEEK_SECONDS = 7 * 86_400;

/** `destinations`: all destinations of the manifest. */
export function statusOf(
	manifest: Manifest,
	destinations: readonly At[],
	journal: Journal,
	{
		now = new Date(),
		died = [],
		unsent = [],
	}: {
		readonly now?: Date;
		readonly died?: readonly UnfinishedRun[];
		readonly unsent?: readonly Unsent[];
	} = {},
): MachineStatus {
	const made = journal.archives(manifest.machine);
	const paths = destinations.map(({ path }) => path);
	const failedUpkeep = journal
		.failedUpkeep(manifest.machine)
		.filter(({ destination }) => paths.includes(destination));
	const archives = Object.keys(manifest.state).flatMap((state) =>
		destinations.map((destination) => ({
			...archiveStatus(manifest, state, destination, made, now),
			...failedCheckOf(destination.path, failedUpkeep),
		})),
	);
	const rows = OPERATIONS.flatMap((operation) => journal.lastRun(manifest.machine, operation) ?? []);
	const runs = rows.map(({ id, operation, started, outcome, summary }) => ({
		operation,
		run: id,
		started,
		...(died.some(({ run, isStuck }) => run === id && !isStuck)
			? { outcome: "died" }
			: outcome === null
				? {}
				: { outcome }),
		...(isRolledBack({ outcome, summary }) ? { isRolledBack: true as const } : {}),
	}));
	const newest = rows.find(({ operation }) => operation === "create")?.id;
	/** Failures at destinations that are no longer in the config are not reported. */
	const isBad = (row: RunRow) => {
		const failures = row.summary?.failures ?? [];
		const isGone = ({ scope }: { readonly scope: string }) => {
			const [, at] = /^destination:(.+)$/.exec(scope) ?? [];
			return at !== undefined && !paths.includes(at);
		};
		return endedBadly(row) && (failures.length === 0 || !failures.every(isGone));
	};
	return {
		machine: manifest.machine,
		time: now.toISOString(),
		archives,
		runs,
		problems: [
			...unprotected(manifest),
			...died.map(lineOf),
			...(manifest.notify?.length ? unsent.map((one) => `${unsentLine(one)} (try: holdfast notify)`) : []),
			...archives.filter(({ isLate }) => isLate).map(lateness),
			...new Set(archives.flatMap(({ ahead = [] }) => ahead)),
			...archives.flatMap(({ state, destination, doubt }) =>
				doubt === undefined ? [] : [`${state} in ${destination} is in doubt: ${doubt} (${accepting(state)})`],
			),
			...archives.flatMap(({ state, destination, missing = [] }) =>
				missing.map((folder) => `${folder} of ${state} is not in ${destination} yet (holdfast create)`),
			),
			...snapshotsLeft(journal, newest),
			...debtLines(journal, newest, paths),
			...rows.filter((row) => isBad(row) && !died.some(({ run }) => run === row.id)).map(badRun),
			...failedUpkeep
				.filter(({ run }) => !rows.some((row) => row.id === run && isBad(row)))
				.map(
					({ operation, destination, message, run }) =>
						`the last ${operation} of ${destination} failed: ${message} (holdfast runs show ${run})`,
				),
		],
	};
}

/** Those of a run before the newest one, which has tried again: each night may add one. */
function snapshotsLeft(journal: Journal, newest: string | undefined): string[] {
	const left = journal
		.leftovers()
		.filter(({ run }) => run !== newest)
		.flatMap(({ run, work }) => (work ? snapshotDrop.among([work]).map((step) => ({ run, step })) : []));
	const [first] = left;
	if (first === undefined) return [];
	const areas = left.flatMap(({ step }) => step.snapshots.map(({ area }) => area));
	const more = areas.length > 1 ? ` and ${areas.length - 1} more` : "";
	return [
		`snapshots of earlier runs could not be deleted, and take up more and more space: ${areas[0]}${more} (see why with: holdfast recover; to leave one there for ever: holdfast recover --abandon ${first.run})`,
	];
}

function failedCheckOf(at: string, failed: readonly FailedUpkeep[]): { readonly failedCheck?: string } {
	const check = failed.find(({ operation, destination }) => operation === "check" && destination === at);
	return check === undefined ? {} : { failedCheck: check.run };
}

function archiveStatus(
	manifest: Manifest,
	state: string,
	at: At,
	made: readonly KnownArchive[],
	now: Date,
): ArchiveStatus {
	const destination = at.path;
	const [provider = ""] = destination.split("/", 1);
	const maxAgeSeconds = maxAgeOf(manifest, manifest.state[state], manifest.providers[provider]);
	const outcome = ({ metadata }: KnownArchive) => {
		const record = ownValue(metadata.states, state);
		return record && outcomeOf(record);
	};
	const ofState = made.filter(
		(one) => `${one.provider}/${one.destination}` === destination && outcome(one) !== undefined,
	);
	// An archive at the destination's former address is not in the destination.
	const stored = ofState.filter(({ id, name }) => id === archiveId(at, name));
	const all = stored.filter((one) => outcome(one) === "good");
	const newestStored = stored.find((one) => outcome(one) !== "failed");
	const doubtful =
		newestStored && outcome(newestStored) === "suspicious"
			? { doubt: ownValue(newestStored.metadata.states, state)?.suspicious ?? "" }
			: {};
	const isYetToCome = ({ metadata }: KnownArchive) => isAhead(Date.parse(metadata.created), now);
	const aheadLines = all
		.filter(isYetToCome)
		.map(({ id, metadata }) => `${id} is dated ${metadata.created}, ${wordsOfTime}`);
	const ahead = aheadLines.length === 0 ? {} : { ahead: aheadLines };
	const good = all.filter((one) => !isYetToCome(one));
	const [newest] = good;
	if (!newest) {
		const moved = ofState.length > stored.length ? { location: at.location } : {};
		return { state, destination, maxAgeSeconds, isLate: true, ...moved, ...ahead, ...doubtful };
	}
	const { created } = newest.metadata;
	const record = ownValue(newest.metadata.states, state);
	const held = record?.folders ?? [];
	const consistency = record && consistencyOf(record);
	const missing = (manifest.state[state]?.folders ?? []).filter((folder) => !held.includes(folder));
	// Slightly in the future means that a clock was adjusted: the archive is new.
	const ageSeconds = Math.max(0, now.getTime() - Date.parse(created)) / 1000;
	const aWeekBefore = good.find(
		(one) => Date.parse(created) - Date.parse(one.metadata.created) >= WEEK_SECONDS * 1000,
	);
	const bytes = bytesIn(newest, state);
	const bytesBefore = aWeekBefore && bytesIn(aWeekBefore, state);
	const growth = bytes === undefined || bytesBefore === undefined ? undefined : bytes - bytesBefore;
	return {
		state,
		destination,
		archive: newest.id,
		created,
		ageSeconds,
		...(consistency === undefined ? {} : { consistency }),
		maxAgeSeconds,
		...(bytes === undefined ? {} : { bytes }),
		...(growth === undefined ? {} : { growthBytes: growth }),
		isLate: ageSeconds > maxAgeSeconds,
		...(missing.length === 0 ? {} : { missing }),
		...ahead,
		...doubtful,
	};
}

function bytesIn({ metadata: { states }, bytes }: KnownArchive, state: string): number | undefined {
	return ownValue(states, state)?.bytes ?? (Object.keys(states).length === 1 ? bytes : undefined);
}

function lateness({ state, destination, location, ageSeconds, maxAgeSeconds }: ArchiveStatus): string {
	const promised = `the maximum is ${hours(maxAgeSeconds)}`;
	const since = location === undefined ? "" : ` since its address is ${location} (holdfast create)`;
	return ageSeconds === undefined
		? `${state} has no good archive of this machine in ${destination}${since}`
		: `${state} in ${destination}: the last good archive is ${hours(ageSeconds)} old, ${promised}`;
}

const endedBadly = ({ outcome }: RunRow) => outcome !== null && outcome !== "done" && outcome !== "recovered";

const MAX_FAILURES = 5;

/** By outcome. */
const ENDED: ReadonlyMap<string, string> = new Map([
	["failed", "failed"],
	["partial", "succeeded only in part"],
	["interrupted", "was interrupted"],
	["abandoned", "was given up"],
	["needs-recover", "could be neither finished nor rolled back"],
]);

function badRun({ id, operation, outcome, summary }: RunRow): string {
	const failures = summary?.failures ?? [];
	const more = failures.length - MAX_FAILURES;
	const each = failures
		.slice(0, MAX_FAILURES)
		.map(({ scope, error }) => `${scope.replace(":", " ")}: ${error.message}`);
	const why = [...each, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
	return `the last ${operation} ${ENDED.get(outcome ?? "") ?? `ended ${outcome}`}${why === "" ? "" : `: ${why}`} (holdfast runs show ${id})`;
}

function hours(seconds: number): string {
	if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
	return seconds < 48 * 3600
		? `${Math.round(seconds / 360) / 10} h`
		: `${Math.round(seconds / 8640) / 10} days`;
}
