// Find what would make a restore fail, before it begins.
import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { covers, dumpLabel, openDatabase } from "../../databases/dump.ts";
import { isOnOneOf } from "../../databases/servers.ts";
import type { Work } from "../../engines/destination.ts";
import { openDestination } from "../../engines/registry.ts";
import { isAtOrBelow, isMounted, mountPoints } from "../../host/mounts.ts";
import { type Holder, holdersOf } from "../../host/processes.ts";
import { nearestPresent, survey } from "../../host/survey.ts";
import { resolveEntry } from "../../host/trust.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { inOneLine } from "../../values/error.ts";
import { ownerOf } from "../../values/paths.ts";
import { shortPath } from "../../values/printable.ts";
import type { Place } from "../fields.ts";
import type { PreflightStep } from "../preflight.ts";
import { stateOf } from "../scope.ts";
import { findSubvolumes, journalFaults, neededFaults } from "./own-needs.ts";
import { behindLinks, givesWay, goesElsewhere, linksOf, overSystem } from "./through-links.ts";
import { foresee } from "./units-around.ts";
import { findUnmovable } from "./unmovable.ts";
import { lackOfUsers } from "./users-needed.ts";

export interface Findings {
	/** The restore would fail. */
	readonly problems: readonly string[];
	/** The restore would succeed, but the user should know. */
	readonly warnings: readonly string[];
	/** Units that the config does not name and that are stopped meanwhile. */
	readonly stopsToo: readonly string[];
}

/** Minimum free space on a filesystem after a restore. */
const SPARE_BYTES = 32 * 1024 * 1024;

export interface Knowledge extends Work {
	/** Bytes of an archive's files, if this machine made it and still has the record. */
	bytesOf(archiveId: string): number | undefined;
}

export async function findProblems(
	step: PreflightStep,
	manifest: Manifest,
	known: Knowledge,
): Promise<Findings> {
	const [units, mounts, owners, databases, inPlace, room, unmovable, holders, own, subvolumes, users] =
		await Promise.all([
			unitFaults(step),
			mountsBelow(step.places),
			notItsOwn(step, manifest),
			databaseFaults(step, manifest, known.signal),
			inPlaceFaults(step, manifest),
			lackOfRoom(step, manifest, known),
			findUnmovable(step, known.signal),
			// With a hook that may stop them, the processes that are left are reported after it.
			step.hooked ? [] : holdersOf(step.places.map(({ live }) => live)),
			ownNeeds(step, manifest),
			findSubvolumes(step, known.signal),
			lackOfUsers(step),
		]);
	return {
		stopsToo: units.too,
		problems: [
			...units.problems,
			...mounts,
			...owners,
			...step.places.flatMap(overSystem),
			...databases,
			...inPlace,
			...room,
			...unmovable.problems,
			...own,
			...subvolumes.problems,
			...users.problems,
		],
		warnings: [
			...unmovable.warnings,
			...subvolumes.warnings,
			...users.warnings,
			...step.dumps.flatMap(({ remark }) => remark ?? []),
			...notMounted(step),
			...(step.twoCopies ? staysAsItIs(step.others ?? []) : []),
			...step.places.flatMap(goesElsewhere),
			...step.places.flatMap(givesWay),
			...linksOf(step),
			...holderLines(holders.filter(({ unit }) => unit === undefined || !units.stopped.has(unit))),
		],
	};
}

/** `stopped`: units that are already down, but left a process running (for example because of KillMode=process). */
export function holderLines(holders: readonly Holder[], stopped: ReadonlySet<string> = new Set()): string[] {
	return holders.map(({ pid, name, user, unit, path }) => {
		const whose = unit === undefined ? "" : ` of ${unit}`;
		const why =
			unit !== undefined && stopped.has(unit)
				? `even when ${unit} is stopped (because of its KillMode=)`
				: "and this restore does not stop it";
		const wayOut =
			unit?.endsWith(".service") && !stopped.has(unit) ? `name ${unit} in stopOnRestore, or ` : "";
		return `process ${pid} (${name}${whose}, ${user}) has ${shortPath(path)} open, ${why}: ${wayOut}end it with: kill ${pid}`;
	});
}

async function unitFaults({ units }: PreflightStep): ReturnType<typeof foresee> {
	try {
		return await foresee(units);
	} catch (error) {
		return {
			problems: [inOneLine(error)],
			stopped: new Set(units.map(({ unit }) => unit)),
			too: [],
		};
	}
}

/** A rename would move a mounted filesystem along, and deleting the old copy would empty it. */
async function mountsBelow(places: readonly Place[]): Promise<string[]> {
	const mounts = await mountPoints();
	const surveys = places.map(({ live }) => survey(resolveEntry(live), mounts));
	return surveys.flatMap(({ target, mountsBelow }) =>
		mountsBelow.map(
			(mount) =>
				`${mount} is mounted below ${target}: unmount it for the restore, or declare the neighbouring folders one by one`,
		),
	);
}

/** A restore writes only to folders that belong to the state in the config, whatever an archive claims to hold. */
function notItsOwn({ scope, places }: PreflightStep, manifest: Manifest): string[] {
	const own = stateOf(scope);
	const declared = Object.entries(manifest.state).flatMap(([state, { folders }]) =>
		folders.map((folder) => ({ state, folder })),
	);
	return places.flatMap(({ folder, live }) => {
		const owner = ownerOf(folder, declared)?.state;
		if (owner === own) return behindLinks(own, folder, live, manifest);
		const why =
			owner === undefined
				? `but the config does not declare it: add it to the folders of ${own}, or restore to another place with --into`
				: `but it now belongs to state "${owner}": restore with --into and copy from there`;
		return [`the archive contains ${folder} as part of ${own}, ${why}`];
	});
}

/** Whether the server answers and can load the dump, and the database belongs to this state. */
async function databaseFaults(
	{ scope, dumps, undeclared = [] }: PreflightStep,
	manifest: Manifest,
	signal: AbortSignal,
) {
	const own = manifest.state[stateOf(scope)]?.dumps ?? [];
	const faults = await Promise.all(
		dumps.map(async ({ dump, facts, into }) => {
			const isElsewhere = into !== undefined && isOnOneOf(dump, manifest.databaseServers);
			if (!isElsewhere && !own.some((declared) => covers(declared, dump)))
				return [notDeclared(dumpLabel(dump))];
			try {
				const database = await openDatabase(dump, signal);
				const obstacles = await database.obstacles(facts);
				const isMoved = database.kind === "server" && into === undefined;
				const unmovable = isMoved ? ((await database.swapObstacles?.()) ?? []) : [];
				return [
					...obstacles.map((obstacle) => `the ${dumpLabel(dump)} cannot be loaded: ${obstacle}`),
					...unmovable.map((obstacle) => `the ${dumpLabel(dump)} cannot be swapped: ${obstacle}`),
				];
			} catch (error) {
				return [inOneLine(error)];
			}
		}),
	);
	return [...undeclared.map(notDeclared), ...faults.flat()];
}

function notDeclared(label: string): string {
	return `the archive contains the ${label}, but the config does not declare it: add it to the dumps of this state`;
}

async function ownNeeds(step: PreflightStep, manifest: Manifest): Promise<string[]> {
	return [...journalFaults(step), ...(await neededFaults(step, manifest))];
}

/** On another machine, or a new disk, this may be intended. */
function notMounted({ places, mounts = {} }: PreflightStep): string[] {
	return Object.entries(mounts).flatMap(([path, mount]) => {
		if (!places.some(({ folder }) => isAtOrBelow(path, folder)) || isMounted(mount)) return [];
		return [
			`${path} was on the file system at ${mount} when it was backed up, but nothing is mounted there now: the restored data would be on the disk below it, and hidden once something is mounted there. If it should be mounted: mount ${mount}, then restore`,
		];
	});
}

function staysAsItIs(others: NonNullable<PreflightStep["others"]>): string[] {
	const more = others.length > MAX_NAMED ? ` (and ${others.length - MAX_NAMED} more)` : "";
	return others.slice(0, MAX_NAMED).map(({ owner, folder, isStored }) => {
		const look = isStored
			? `; to inspect its copy in the archive: holdfast restore --into FOLDER --service ${owner} …`
			: ", and the archive does not contain it";
		return `${folder} stays as it is: it belonged to state "${owner}" when the archive was created, but belongs to no state in the config${more}${look}`;
	});
}
const MAX_NAMED = 3;

/** Without a second copy, nothing is carried over. */
function inPlaceFaults(step: PreflightStep, manifest: Manifest): string[] {
	const { scope, places, areas = [], others: gone = [], twoCopies } = step;
	if (twoCopies) return [];
	const own = areas.map(
		(area) =>
			`${area} is the old copy that an earlier restore keeps, and would be deleted: restore without --in-place, or move it away first`,
	);
	const declared = Object.entries(manifest.state)
		.filter(([owner]) => owner !== stateOf(scope))
		.flatMap(([owner, { folders }]) => folders.map((folder) => ({ owner, folder })))
		.filter(({ folder }) => places.some((place) => folder.startsWith(`${place.folder}/`)));
	const others = [...declared, ...gone.slice(0, MAX_NAMED)].map(
		({ owner, folder }) =>
			`${folder} belongs to state "${owner}" and would be deleted: restore without --in-place`,
	);
	return [...own, ...others];
}

async function lackOfRoom(step: PreflightStep, manifest: Manifest, known: Knowledge): Promise<string[]> {
	const wanted = [
		...(step.twoCopies ? step.places.map(({ stored, area }) => ({ stored, into: dirname(area) })) : []),
		...step.dumps.map(({ stored }) => ({ stored, into: step.spool })),
	];
	const filesystems = new Map<number, { path: string; free: number; stored: string[] }>();
	for (const { stored, into } of wanted) {
		const path = await nearestPresent(into);
		const { dev } = await stat(path);
		const { bavail, bsize } = await statfs(path);
		const one = filesystems.get(dev) ?? { path, free: bavail * bsize, stored: [] };
		one.stored.push(stored);
		filesystems.set(dev, one);
	}
	// If the entire archive fits on each filesystem, nothing needs to be measured.
	const whole = known.bytesOf(step.archiveId);
	if (whole !== undefined && [...filesystems.values()].every(({ free }) => free > whole + SPARE_BYTES))
		return [];

	const destination = await openDestination(manifest, step.provider, step.destination);
	const faults: string[] = [];
	const places = new Set(step.places.map((place) => place.stored));
	for (const { path, free, stored } of filesystems.values()) {
		// Dumps are always extracted.
		const inPlaceHelps = stored.some((one) => places.has(one));
		const bytes = await destination.sizeOf?.(step.archive, stored, known).catch(() => undefined);
		known.signal.throwIfAborted();
		if (bytes !== undefined && free < bytes + SPARE_BYTES)
			faults.push(
				`a second copy of ${stored.join(", ")} needs ${mebibytes(bytes)}, and ${mebibytes(SPARE_BYTES)} must stay free, but ${path} has only ${mebibytes(free)}: free some space${inPlaceHelps ? ", or restore --in-place" : ""}`,
			);
	}
	return faults;
}

function mebibytes(bytes: number): string {
	return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
