// Another state's folder within the restored one must not be replaced by the archive's version: it is carried over from
// the old copy.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { copyAttributes } from "../../host/attributes.ts";
import { renameIn } from "../../host/files.ts";
import {
	closing,
	descend,
	descendMaking,
	entryIn,
	type Folder,
	missingFolders,
	openFolder,
	split,
	syncFolder,
} from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import { HoldfastError } from "../../values/error.ts";
import type { KeepNestedStep, MadeOnTheWay } from "../keep-nested.ts";
import type { StepWork } from "../step.ts";
import { removeParents } from "./area.ts";

export const keepNested: StepWork<KeepNestedStep, MadeOnTheWay> = {
	async run(step, { note, point }) {
		const { above, name, displaced, live } = namesOf(step);
		using from = inOldCopy(step, above);
		if (from === undefined || !entryIn(from, name)) {
			if (step.present) throw movedAway(step);
			return;
		}
		using home = openFolder(live);
		const parents = missingFolders(home, above);
		note({ parents });
		using to = descendMaking(home, above);
		// The archive holds it too if it was made before the other state was declared.
		if (entryIn(to, name)) inArea(displaced, (area, at) => renameIn(to, name, area, at));
		point("displaced");
		renameIn(from, name, to, name);
		point("renamed");
		for (const made of parents) await likeBefore(step, made.slice(home.path.length + 1), home);
		syncFolder(to);
		syncFolder(from);
	},
	async undo(step, { noted, point }) {
		const made = noted();
		if (!made) return;
		const { above, name, displaced, live } = namesOf(step);
		using from = inOldCopy(step, above);
		// If the old copy is gone, this was already undone, and the old copy is live again with everything in it. A journal on
		// a full disk may not have recorded that.
		if (from === undefined) return;
		using to = below(live, above);
		if (to !== undefined) {
			if (!entryIn(from, name) && entryIn(to, name)) {
				renameIn(to, name, from, name);
				point("back");
				syncFolder(from);
			}
			inArea(displaced, (area, at) => {
				if (entryIn(area, at) && !entryIn(to, name)) renameIn(area, at, to, name);
			});
		}
		removeParents(made.parents);
	},
	async whereabouts(step) {
		const { above, name, live } = namesOf(step);
		using from = inOldCopy(step, above);
		if (from === undefined || !entryIn(from, name)) return [];
		return [`${join(live, step.nested)} is in the old copy, at ${join(step.place.old, step.nested)}`];
	},
};

function movedAway({ place, nested }: KeepNestedStep): HoldfastError {
	const folder = join(place.folder, nested);
	return new HoldfastError(
		"path-occupied",
		`${folder} belongs to another state and was moved during the restore`,
		{ subject: folder, hint: "find out what moves it, and stop that with stopOnRestore; then restore again" },
	);
}

/** The folder of the old copy that holds it; undefined if that does not exist, or lies behind a link and so elsewhere. */
function inOldCopy({ place: { old } }: KeepNestedStep, above: string): Folder | undefined {
	try {
		return inArea(old, (area, name) => closing(descend(area, name), (copy) => descend(copy, above)));
	} catch {
		return undefined;
	}
}

/** A parent folder that had to be created gets the attributes that it has in the old copy. */
async function likeBefore(step: KeepNestedStep, path: string, home: Folder): Promise<void> {
	using was = inOldCopy(step, path);
	using is = descend(home, path);
	if (was !== undefined) await copyAttributes(was, is);
}

function below(live: string, above: string): Folder | undefined {
	try {
		return closing(openFolder(live), (home) => descend(home, above));
	} catch {
		return undefined;
	}
}

function namesOf({ place: { area, live }, nested }: KeepNestedStep) {
	const [above, name] = split(`/${nested}`);
	// A path may itself be too long for a name, or two paths may map to the same one.
	const displaced = `displaced-${createHash("sha256").update(join(live, nested)).digest("hex").slice(0, 32)}`;
	return { above, name, live, displaced: join(area, displaced) };
}
