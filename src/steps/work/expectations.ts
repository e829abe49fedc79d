// What the last good archive of a state lets expect of the next: that its folders are on the file systems that they were
// on, and that it has not become next to nothing. An unmounted disk, or a service that has lost its data, looks like a
// small folder in which all is well.
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { StateRecord } from "../../engines/archive.ts";
import { disksBelow, isMounted, mountHolding } from "../../host/mounts.ts";
import type { State } from "../../manifest/schema.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";

/** The newest archive that held a state whole and gave no reason to doubt it. */
export interface LastGood {
	/** Its id. */
	readonly archive: string;
	/** RFC 3339. */
	readonly created: string;
	readonly record: StateRecord;
	/** The state as it was declared then, where that is still known. */
	readonly declared?: State;
}

/**
 * Where the folders of a state are mounted, those on the root file system being left out; and disks mounted below them.
 */
export type MountsOf = Readonly<Record<string, string>>;

/** A state that has become smaller than this part of what it was, and by more than so many bytes. */
const SHRUNK_PART = 1 / 10;
const SHRUNK_BYTES = 10 * 1000 * 1000;

/** Of those below one folder; more of them are not looked for later. */
const MOST_BELOW = 100;

/**
 * `folders`: as they are declared, each with the path that it leads to. `isStored`: whether what is at a path, as
 * declared, belongs to the state and is not left out.
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
			return [...(mount === "/" ? [] : [[folder, mount] as const]), ...disks.slice(0, MOST_BELOW)];
		}),
	);
}

/** Throws when a folder, or what is mounted below one, was on a file system that is not mounted now. */
export function requireMounts(
	state: string,
	last: LastGood | undefined,
	isStored: (path: string) => boolean,
): void {
	for (const [folder, mount] of Object.entries(last?.record.mounts ?? {})) {
		if (!isStored(folder) || isMounted(mount)) continue;
		// What was mounted below a folder, and whose place is gone, was taken away on purpose.
		if (!last?.record.folders.includes(folder) && !existsSync(folder)) continue;
		throw new HoldfastError(
			"disk-not-mounted",
			folder === mount
				? `${folder} was a mount point when ${state} was last backed up, and nothing is mounted there now`
				: `${folder} was on the file system at ${mount} when ${state} was last backed up, and nothing is mounted there now`,
			{
				details: [`last good archive: ${last?.archive}`],
				hint: `mount it (mount ${mount}). If the folder has moved for good: ${accepting(state)}`,
			},
		);
	}
}

/** Why a state that holds so many bytes now is to be doubted; undefined when it is not. */
export function shrinkage(
	_state: string,
	declared: State | undefined,
	bytes: number | undefined,
	last: LastGood | undefined,
): string | undefined {
	const before = last?.record.bytes;
	if (bytes === undefined || before === undefined || last === undefined) return undefined;
	if (bytes >= before * SHRUNK_PART || before - bytes <= SHRUNK_BYTES) return undefined;
	// What is declared otherwise may well be smaller.
	const meant = ({ folders, exclude, dumps }: State) => ({ folders, exclude, dumps });
	if (declared && last.declared && !isDeepStrictEqual(meant(declared), meant(last.declared)))
		return undefined;
	return `it holds ${inWords(bytes)} and held ${inWords(before)} when it was last backed up (${last.archive})`;
}

/** How a person says that all is as it should be. */
export const accepting = (state: string) => `holdfast create --service ${state} --accept`;

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

function inWords(bytes: number): string {
	const power = Math.min(Math.floor(Math.log2(Math.max(1, bytes)) / 10), UNITS.length - 1);
	const number = bytes / 1024 ** power;
	return `${power === 0 ? number : number.toFixed(1)} ${UNITS[power]}`;
}
