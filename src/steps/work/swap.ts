// The swap: what stands there goes aside, what was staged takes its place. Each rename is undone by itself, and only
// if it happened: the disk says so. A mount point or subvolume stays, and its entries are renamed one by one. All of it
// is done in open folders: somebody else may own the one that the live data are in.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmdirSync } from "node:fs";
import { copyAttributes } from "../../host/attributes.ts";
import { removeIn, renameIn } from "../../host/files.ts";
import {
	descend,
	entryIn,
	type Folder,
	inParent,
	isAbsent,
	namesIn,
	openFolder,
	syncFolder,
} from "../../host/folder.ts";
import { requireNoMountIn } from "../../host/mounts.ts";
import { inArea, openArea, stays } from "../../host/private-area.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import type { StepContext, StepWork } from "../context.ts";
import type { AsideStep, Place } from "../step.ts";
import { asideByCopy, type Copied, removePart } from "./aside-by-copy.ts";

/** The note of `aside`, by entries: `old` has the folder's own attributes. */
interface Aside {
	readonly attributesKept: boolean;
}
export const aside: StepWork<AsideStep> = {
	async run({ place }, context) {
		const { live, old, mode } = place;
		if (!isThere(live)) return;
		requireStill(place);
		await inArea(old, async (olds, oldName) => {
			if (entryIn(olds, oldName)) throw new HoldfastError("path-occupied", `${old} is already there`);
			if (mode === "entries") return asideEntries(place, olds, oldName, context);
			await inParent(live, async (home, name) => {
				try {
					renameIn(home, name, olds, oldName);
				} catch (error) {
					if (!isErrno(error, "EXDEV")) throw error;
					return asideByCopy(home, name, olds, oldName, context);
				}
				context.point("renamed");
				syncFolder(home);
				syncFolder(olds);
			});
		});
	},
	async undo({ id, place }, context) {
		const { live, old, mode } = place;
		requireArea(place);
		await inArea(old, async (olds, oldName) => {
			const copied = (context.noteOf(id) as Copied | undefined)?.copied;
			if (copied !== undefined) await removePart(olds, oldName);
			if (!entryIn(olds, oldName)) return;
			// What was copied is untouched, and may have been written to since.
			if (copied === "begun") return removeIn(olds, oldName);
			if (mode === "entries") {
				using held = descend(olds, oldName);
				using home = openFolder(live);
				for (const name of [...namesIn(held)]) {
					putFoundAside(home, name, place, context);
					renameIn(held, name, home, name);
					context.point(`back-${name}`);
				}
				if ((context.noteOf(id) as Aside | undefined)?.attributesKept) await copyAttributes(held, home);
				rmdirSync(olds.at(oldName));
				syncFolder(home);
			} else
				await inParent(live, async (home, name) => {
					// What is left of what was copied, and else what something made meanwhile.
					if (copied === "whole") await removeIn(home, name);
					else putFoundAside(home, name, place, context);
					renameIn(olds, oldName, home, name);
					context.point("back");
					syncFolder(home);
				});
		});
	},
	async whereabouts({ place: { live, old } }) {
		return isStaged(old) ? [`what stood at ${live} before is ${old}`] : [];
	},
};

async function asideEntries(
	place: Place,
	olds: Folder,
	oldName: string,
	{ note, point }: StepContext,
): Promise<void> {
	note({ attributesKept: false } satisfies Aside);
	mkdirSync(olds.at(oldName), { mode: 0o700 });
	using home = openFolder(place.live);
	using old = descend(olds, oldName);
	await copyAttributes(home, old);
	note({ attributesKept: true } satisfies Aside);
	for (const name of movable(home)) {
		renameIn(home, name, old, name);
		point(`moved-${name}`);
	}
	syncFolder(old);
	syncFolder(home);
}

/** Delete what stands at a place; of one that stays, what is in it, but for private folders. */
export async function clear({ live, mode }: Place): Promise<void> {
	if (!isThere(live)) return;
	if (mode === "rename") return inParent(live, removeIn);
	using home = openFolder(live);
	for (const name of movable(home)) await removeIn(home, name);
}

/** Whether anything stands at a live place; a link counts, wherever it leads. */
export function isThere(live: string): boolean {
	try {
		return inParent(live, entryIn) !== undefined;
	} catch (error) {
		if (isAbsent(error)) return false;
		throw error;
	}
}

/** Whether something is at a path in a private folder. */
export function isStaged(path: string): boolean {
	try {
		return inArea(path, entryIn) !== undefined;
	} catch {
		return false;
	}
}

export const movable = (folder: Folder): string[] =>
	[...namesIn(folder)].filter((name) => !stays(folder, name));

/** A file system that was mounted in it meanwhile would move along. */
export function requireStill({ live, mode }: Place): void {
	requireNoMountIn(live, `moving ${live}`, mode === "entries" ? "may be one" : "too");
}

/** Without it nothing can be told from what is on disk: its filesystem is not mounted, or somebody deleted it. */
export function requireArea({ area, live }: Place): void {
	using found = openArea(area);
	if (found !== undefined) return;
	throw new HoldfastError(
		"area-missing",
		`the private folder ${area} is not there, so ${live} cannot be put back`,
		{
			hint: "is its filesystem mounted? Mount it, then: holdfast recover",
		},
	);
}

/** Bytes of a name. */
const LONGEST_NAME = 255;

/** What something else made in the meantime is nobody's to delete. */
function putFoundAside(home: Folder, name: string, { live }: Place, { plan, leaves }: StepContext): void {
	if (!entryIn(home, name)) return;
	const kept = freeName(home, `${name}.found-${plan.run}`, plan.run);
	renameIn(home, name, home, kept);
	leaves(
		`something created ${home.path}/${name} again while ${live} was being restored; that is kept as ${home.path}/${kept}`,
	);
}

/** Whoever made what is to have this name may have seen to it that it is too long, or taken. */
export function freeName(home: Folder, wanted: string, run: string): string {
	const isFree = Buffer.byteLength(wanted) <= LONGEST_NAME && !entryIn(home, wanted);
	return isFree ? wanted : `found-${randomBytes(6).toString("hex")}-${run}`;
}
