// What others have written to a place after the run was interrupted: an undo in another process, perhaps days later, does
// not throw it away.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { renameIn } from "../../host/files.ts";
import {
	descend,
	enter,
	entryIn,
	type Folder,
	inParent,
	isAbsent,
	namesIn,
	openFolder,
	split,
	syncFolder,
} from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import { isErrno } from "../../values/error.ts";
import { localTime } from "../../values/local-time.ts";
import type { StepContext } from "../context.ts";
import type { Place } from "../fields.ts";
import { keepNested } from "../keep-nested.ts";
import type { Written } from "../place.ts";
import type { Step } from "../plan.ts";
import { freeName, isThere, movable, requireStill } from "./live.ts";

interface Placing {
	/** For a place that is kept (mode `entries`): the names that were put there. */
	readonly entries?: readonly string[];
	/** Writes before this time are ignored; in milliseconds. */
	readonly from?: number;
	/** This run had finished its own work by then: since that time its renames have not changed any ctime. */
	readonly isDone: boolean;
	/** The inodes that were put there, if known: anything else belongs to somebody else. */
	readonly inode?: number | undefined;
}

/**
 * What an undo must keep of a place: something was written or put there after its units were started, or after the run
 * was interrupted. Reports it. Called before anything is undone, while the units that write there are down.
 */
export async function foundWritten(
	{ scope }: Step,
	place: Place,
	{ plan, leaves, unwatched }: StepContext,
	placing: Placing,
): Promise<Written | undefined> {
	const since = unwatched(scope)?.since;
	const { live, mode } = place;
	if (since === undefined || !isThere(live)) return undefined;
	const carried = keepNested
		.among(plan.steps)
		.flatMap((step) => (step.place.live === live ? [`${live}/${step.nested}`] : []));
	const latest = await writtenSince(place, placing, carried, Math.max(since, placing.from ?? 0));
	if (latest === undefined) return undefined;
	const [above, name] = split(live);
	using home = openFolder(mode === "entries" ? live : above);
	const free = freeName(home, `${mode === "entries" ? "" : `${name}.`}found-${plan.run}`, plan.run);
	const keptAs = join(home.path, free);
	leaves(
		`${latest.file} was written at ${localTime(latest.at)}, after the restore had put ${live} in place and before it was undone: the restored data with these changes are kept as ${keptAs}; copy from it what you need, then delete it`,
	);
	return { keptAs, ...(mode === "entries" ? { entries: movable(home) } : {}) };
}

/** Safe to repeat: once the data are kept, something else is in the place. */
export function keepWritten(
	place: Place,
	{ keptAs, entries = [] }: Written,
	point: StepContext["point"],
): void {
	const { live, area, mode } = place;
	if (isThere(keptAs) || !isThere(live)) return;
	requireStill(place);
	inParent(keptAs, (above, kept) => {
		if (mode === "rename")
			inParent(live, (home, name) => {
				renameIn(home, name, above, kept);
				point("kept");
			});
		else
			inArea(join(area, KEPT), (around, name) => {
				if (!entryIn(around, name)) mkdirSync(around.at(name), { mode: 0o700 });
				using to = descend(around, name);
				for (const entry of entries) {
					if (entryIn(to, entry) || !entryIn(above, entry)) continue;
					renameIn(above, entry, to, entry);
					point(`kept-${entry}`);
				}
				syncFolder(to);
				renameIn(around, name, above, kept);
				point("kept");
				syncFolder(around);
			});
		syncFolder(above);
	});
}

/** In the private folder, until all entries of a kept place are in it. */
const KEPT = "kept";

interface Found {
	readonly file: string;
	/** RFC 3339: when it was changed. */
	readonly at: string;
}

/** What was created, changed or moved in the place after a moment. */
async function writtenSince(
	{ live, mode }: Place,
	{ entries = [], isDone, inode }: Placing,
	carried: readonly string[],
	since: number,
): Promise<Found | undefined> {
	// The run's own renames change the ctime of what is renamed, and of folders that another state's are carried into.
	const isOurs = (path: string) => !isDone && path === live;
	const look: Look = { since, carried, skipsTop: isOurs };
	if (mode === "rename")
		return inParent(live, (home, name) => {
			const stat = entryIn(home, name);
			if (stat && inode !== undefined && stat.ino !== inode)
				return Promise.resolve({ file: live, at: new Date(stat.ctimeMs).toISOString() });
			return visit(home, name, look);
		});
	using home = openFolder(live);
	const placed = new Set(isDone ? [] : entries.map((name) => `${live}/${name}`));
	for (const name of movable(home)) {
		const found = await visit(home, name, { ...look, skipsTop: (path) => placed.has(path) });
		if (found !== undefined) return found;
	}
	return undefined;
}

interface Look {
	readonly since: number;
	/** Other states' folders within the place. */
	readonly carried: readonly string[];
	/** For these the ctime means nothing; for a file the mtime still does. */
	skipsTop(path: string): boolean;
}

/** Signals are handled after every so many entries. */
const BREATHS = 500;
let count = 0;

async function visit(parent: Folder, name: string, look: Look): Promise<Found | undefined> {
	if (++count % BREATHS === 0) await setImmediate();
	const { since, carried, skipsTop } = look;
	const stat = entryIn(parent, name);
	const path = `${parent.path === "/" ? "" : parent.path}/${name}`;
	if (!stat || carried.includes(path)) return undefined;
	const isFolder = stat.isDirectory();
	const isMovedByUs = skipsTop(path) || (isFolder && carried.some((one) => one.startsWith(`${path}/`)));
	// The journal records milliseconds, and the run's own rename may fall into the same one.
	const time = Math.floor(isMovedByUs ? (isFolder ? 0 : stat.mtimeMs) : stat.ctimeMs);
	const isNew = time > since ? { file: path, at: new Date(time).toISOString() } : undefined;
	if (!isFolder) return isNew;
	// A file within it is more informative.
	try {
		using inner = enter(parent, name);
		for (const child of namesIn(inner)) {
			const found = await visit(inner, child, look);
			if (found !== undefined) return found;
		}
	} catch (error) {
		// It is being deleted, or even its owner may not read it.
		if (!isAbsent(error) && !isErrno(error, "EACCES")) throw error;
	}
	return isNew;
}
