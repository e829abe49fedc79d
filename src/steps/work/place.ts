// The second half of the swap: the staged data become live. The undo removes them again, but keeps them if something wrote
// to them after the run was interrupted.
import { copyAttributes } from "../../host/attributes.ts";
import { renameIn } from "../../host/files.ts";
import {
	descend,
	descendMaking,
	entryIn,
	type Folder,
	inParent,
	missingFolders,
	namesIn,
	openFolder,
	rootFolder,
	split,
	syncFolder,
} from "../../host/folder.ts";
import { inArea, isLeftInPlace } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepContext } from "../context.ts";
import type { Place } from "../fields.ts";
import type { Placed, PlaceStep } from "../place.ts";
import type { StepWork } from "../step.ts";
import { removeParents } from "./area.ts";
import { isStaged, isThere, movable, requireArea, requireStill } from "./live.ts";
import { stagedInode } from "./stage.ts";
import { foundWritten, keepWritten } from "./written-since.ts";

export const place: StepWork<PlaceStep, Placed> = {
	run: ({ place }, context) => putInPlace(place, context),
	async beforeUndo(step, context) {
		const { id, place, scope } = step;
		const placed = context.noted();
		// The undo of an undo only puts the data back where they were kept.
		if (placed?.written || context.plan.operation === "undo") return;
		requireArea(place);
		const isHere = (name: string) => !isStaged(`${place.staged}/${name}`);
		// Part of the data may never have arrived here, or may have been removed by an earlier attempt.
		const entries = placed?.entries?.filter(isHere) ?? [];
		if (place.mode === "entries" ? entries.length === 0 : isStaged(place.staged)) return;
		const written = await foundWritten(step, place, context, {
			entries,
			isDone: context.isDone(id),
			inode: stagedInode(context, scope, place.staged),
		});
		if (written !== undefined) context.note({ ...placed, written });
	},
	/** If the staged data are gone from the private folder, they are in the live place. */
	async undo({ place }, { noted, point }) {
		const { live, staged, mode } = place;
		requireArea(place);
		const placed = noted();
		const { entries = [], parents = [], written } = placed ?? {};
		requireStill(place);
		// The staged data may have been gone before this step began: then it brought nothing.
		if (placed === undefined && (mode === "entries" || !isThere(live))) return;
		if (written !== undefined) keepWritten(place, written, point);
		else
			inArea(staged, (area, stagedName) => {
				if (mode === "entries") {
					if (entries.length === 0) return;
					using brought = descend(area, stagedName);
					using home = openFolder(live);
					for (const name of entries) {
						if (entryIn(brought, name) || !entryIn(home, name)) continue;
						renameIn(home, name, brought, name);
						point(`back-${name}`);
					}
					syncFolder(brought);
					syncFolder(home);
					return;
				}
				if (entryIn(area, stagedName) || !isThere(live)) return;
				inParent(live, (home, name) => {
					renameIn(home, name, area, stagedName);
					point("back");
					syncFolder(area);
					syncFolder(home);
				});
			});
		removeParents(parents);
	},
	async whereabouts({ place: { live, staged } }) {
		return isStaged(staged) ? [`the copy of ${live} from the archive is ${staged}`] : [];
	},
};

/** Make the staged data live; nothing is in the live place. */
export async function putInPlace(place: Place, context: StepContext<Placed>): Promise<void> {
	const { live, staged, mode } = place;
	await inArea(staged, async (area, stagedName) => {
		if (mode === "entries") return placeEntries(place, area, stagedName, context);
		makeParents(live, context);
		inParent(live, (home, name) => {
			if (entryIn(home, name)) throw madeAnew(live);
			renameIn(area, stagedName, home, name);
			context.point("renamed");
			syncFolder(home);
		});
	});
}

/** The private folder may be further up the tree, and the parents of the live place may be gone along with it. */
function makeParents(live: string, { note }: StepContext<Placed>): void {
	const [above] = split(live);
	using root = rootFolder();
	const parents = missingFolders(root, above);
	if (parents.length === 0) return;
	note({ parents });
	descendMaking(root, above)[Symbol.dispose]();
}

async function placeEntries(
	{ live }: Place,
	area: Folder,
	stagedName: string,
	{ note, point }: StepContext<Placed>,
): Promise<void> {
	if (!entryIn(area, stagedName)?.isDirectory())
		throw new HoldfastError(
			"path-occupied",
			`${live} is a folder that cannot be replaced, but a file in the archive`,
			{ subject: live },
		);
	using staged = descend(area, stagedName);
	using home = openFolder(live);
	const [found] = movable(home);
	if (found !== undefined) throw madeAnew(`${live}/${found}`);
	const entries = [...namesIn(staged)].filter((name) => !isLeftInPlace(home, name));
	note({ entries });
	for (const name of entries) {
		renameIn(staged, name, home, name);
		point(`moved-${name}`);
	}
	await copyAttributes(staged, home);
	point("attributes");
	syncFolder(home);
}

function madeAnew(path: string): HoldfastError {
	return new HoldfastError("path-occupied", `something created ${path} again while it was being restored`, {
		subject: path,
		hint: "find what writes there and stop it with stopOnRestore",
	});
}
