// What the last good archive of a state lets us expect of the next one: its folders are on the same file systems, and it
// has not shrunk to almost nothing. An unmounted disk, or a service that has lost its data, looks like a small folder with
// nothing wrong in it.
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { StateRecord } from "../../engines/archive.ts";
import { disksBelow, isMounted, mountHolding } from "../../host/mounts.ts";
import type { State } from "../../manifest/schema.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";

/** The newest archive that holds the complete state and gives no reason to doubt it. */
export interface LastGood {
	/** The archive's id. */
	readonly archive: string;
	/** RFC 3339. */
	readonly created: string;
	readonly record: StateRecord;
	/** The declaration of the state at that time, if still known. */
	readonly declared?: State;
}

/**
 * The mount points of a state's folders, without the root file system; and disks mounted below the folders.
 */
export type MountsOf = Readonly<Record<string, string>>;

/** A state is in doubt if it has become smaller than this fraction of its former size, and by more than this many bytes. */
const SHRUNK_PART = 1 / 10;
const SHRUNK_BYTES = 10 * 1000 * 1000;

/** Maximum number of mount points remembered below one folder. */
const MAX_BELOW = 100;

/**
 * `folders`: the declared folders, each with its real path. `isStored`: whether what is at a declared path belongs to
 * the state and is not excluded.
 */
export function mountsOf(
	folders: ReadonlyMap<string, string>,
	isStored: (path: string) => boolean,
): MountsOf {
	return recordOf(
		[...folders].flatMap(([folder, path]) => {
			const mount = mountHolding(path);
			const disks = disksBelow(path)
				.map((disk) => [folder + disk.slice(path.length), disk] as const)
				.filter(([declared]) => isStored(declared));
			return [...(mount === "/" ? [] : [[folder, mount] as const]), ...disks.slice(0, MAX_BELOW)];
		}),
	);
}

/** Throws if a folder, or something below one, was on a file system that is not mounted now. */
export function requireMounts(
	state: string,
	last: LastGood | undefined,
	isStored: (path: string) => boolean,
): void {
	for (const [folder, mount] of Object.entries(last?.record.mounts ?? {})) {
		if (!isStored(folder) || isMounted(mount)) continue;
		// If the mount point below a folder no longer exists, it was removed on purpose.
		if (!last?.record.folders.includes(folder) && !existsSync(folder)) continue;
		throw new HoldfastError(
			"disk-not-mounted",
			folder === mount
				? `${folder} was a mount point when ${state} was last backed up, but nothing is mounted there now`
				: `${folder} was on the file system at ${mount} when ${state} was last backed up, but nothing is mounted there now`,
			{
				subject: folder,
				details: [`last good archive: ${last?.archive}`],
				hint: `mount it (mount ${mount}). If the folder has moved permanently: ${accepting(state)}`,
			},
		);
	}
}

/** Why a state of this many bytes is in doubt, or undefined. */
export function shrinkage(
	_state: string,
	declared: State | undefined,
	bytes: number | undefined,
	last: LastGood | undefined,
): string | undefined {
	const before = last?.record.bytes;
	if (bytes === undefined || before === undefined || last === undefined) return undefined;
	if (bytes >= before * SHRUNK_PART || before - bytes <= SHRUNK_BYTES) return undefined;
	// If the declaration has changed, the state may well be smaller.
	const meant = ({ folders, exclude, dumps }: State) => ({ folders, exclude, dumps });
	if (declared && last.declared && !isDeepStrictEqual(meant(declared), meant(last.declared)))
		return undefined;
	return `its size is ${inWords(bytes)}, but it was ${inWords(before)} when it was last backed up (${last.archive})`;
}

/** The command that says that the state is as it should be. */
export const accepting = (state: string) => `holdfast create --service ${state} --accept`;

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

function inWords(bytes: number): string {
	const power = Math.min(Math.floor(Math.log2(Math.max(1, bytes)) / 10), UNITS.length - 1);
	const number = bytes / 1024 ** power;
	return `${power === 0 ? number : number.toFixed(1)} ${UNITS[power]}`;
}
