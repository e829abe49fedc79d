// What others have written to a place while nobody watched over it: an undo in another process, perhaps days later, does
// not throw that away.
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
import { isErrno } from "../../manifest/error.ts";
import { localTime } from "../../manifest/local-time.ts";
import type { Step } from "../plan.ts";
import type { Place } from "../step.ts";
import type { StepContext } from "../work.ts";
import { freeName, isThere, movable } from "./swap.ts";

/** Part of a step's note. */
export interface Written {
	/** Where an undo puts it. */
	readonly keptAs: string;
	/** Of a place that stays: the names in it then. */
	readonly entries?: readonly string[];
}

/**
 * What an undo is to keep of a place: something was written to it after its units were started, or after the run had
 * died; that is said. `entries`: of a place that stays, what was put there. `from`: not before this moment, in
 * milliseconds. Called before anything is undone, when what writes there is down.
 */
export async function foundWritten(
	{ scope }: Step,
	place: Place,
	{ plan, leaves, unwatched }: StepContext,
	{
		entries = [],
		from = 0,
	}: { readonly entries?: readonly string[] | undefined; readonly from?: number } = {},
): Promise<Written | undefined> {
	const since = unwatched(scope)?.since;
	const { live, mode } = place;
	if (since === undefined || !isThere(live)) return undefined;
	const others = plan.steps.flatMap((step) =>
		step.kind === "carry" && step.place.live === live ? [`${live}/${step.nested}`] : [],
	);
	const latest = await writtenSince(place, entries, others, Math.max(since, from));
	if (latest === undefined) return undefined;
	const [above, name] = split(live);
	using home = openFolder(mode === "entries" ? live : above);
	const free = freeName(home, `${mode === "entries" ? "" : `${name}.`}found-${plan.run}`, plan.run);
	const keptAs = join(home.path, free);
	leaves(
		`${latest.file} was written at ${localTime(latest.at)}, after the restore had put ${live} there and before it was undone: what was restored and written to is kept as ${keptAs}; take from it what you need, then delete it`,
	);
	return { keptAs, ...(mode === "entries" ? { entries: movable(home) } : {}) };
}

/** Safe to repeat: once it is kept, what stands at the place is something else. */
export function keepWritten(
	{ live, area, mode }: Place,
	{ keptAs, entries = [] }: Written,
	point: StepContext["point"],
): void {
	if (isThere(keptAs) || !isThere(live)) return;
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

/** In the private folder, until all of a place that stays is in it. */
const KEPT = "kept";

interface Found {
	readonly file: string;
	/** RFC 3339: when it was changed. */
	readonly at: string;
}

/** A file in a place that was created or changed after a moment. A folder's own times change with what is moved. */
async function writtenSince(
	{ live, mode }: Place,
	entries: readonly string[],
	others: readonly string[],
	since: number,
): Promise<Found | undefined> {
	if (mode === "rename") return inParent(live, (home, name) => look(home, name, since, others, "mtimeMs"));
	using home = openFolder(live);
	for (const name of movable(home)) {
		// A rename alone has changed the time of change of what was put there.
		const found = await look(home, name, since, others, entries.includes(name) ? "mtimeMs" : "ctimeMs");
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Between so many entries signals are heard. */
const BREATHS = 500;

async function look(
	home: Folder,
	name: string,
	since: number,
	others: readonly string[],
	time: "mtimeMs" | "ctimeMs",
): Promise<Found | undefined> {
	let count = 0;
	const visit = async (
		parent: Folder,
		name: string,
		time: "mtimeMs" | "ctimeMs",
	): Promise<Found | undefined> => {
		if (++count % BREATHS === 0) await setImmediate();
		const stat = entryIn(parent, name);
		const path = `${parent.path === "/" ? "" : parent.path}/${name}`;
		if (!stat || others.includes(path)) return undefined;
		if (!stat.isDirectory())
			return stat[time] > since ? { file: path, at: new Date(stat[time]).toISOString() } : undefined;
		try {
			using inner = enter(parent, name);
			for (const child of namesIn(inner)) {
				const found = await visit(inner, child, "ctimeMs");
				if (found !== undefined) return found;
			}
		} catch (error) {
			// Something else deletes it, or not even its owner may look into it.
			if (!isAbsent(error) && !isErrno(error, "EACCES")) throw error;
		}
		return undefined;
	};
	return visit(home, name, time);
}
