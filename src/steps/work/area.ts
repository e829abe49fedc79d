// The private folder of a restore. It is removed only when it holds nothing of the old state.
import { readdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import {
	closing,
	descend,
	descendMaking,
	inParent,
	isAbsent,
	missingFolders,
	rootFolder,
} from "../../host/folder.ts";
import { isArea, makeArea, openArea, removeArea, removeUnfinishedArea } from "../../host/private-area.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../values/error.ts";
import { type AreaStep, type MadeAbove, NEW, OLD } from "../area.ts";
import type { StepWork } from "../step.ts";

export const area: StepWork<AreaStep, MadeAbove> = {
	async run({ area }, { note, point }) {
		const above = resolvePath(dirname(area)).path;
		using root = rootFolder();
		note({ parents: missingFolders(root, above) });
		makeAbove(area);
		point("parents");
		makeArea(area, [NEW, OLD]);
		point("made");
	},
	async undo({ area }, { noted, point }) {
		const made = noted();
		if (!made) return;
		if (isArea(area)) {
			requireNothingOld(area);
			await removeArea(area);
		} else removeUnfinishedArea(area, [NEW, OLD]);
		point("removed");
		removeParents(made.parents);
	},
	async whereabouts({ area }) {
		using found = openArea(area);
		return found === undefined ? [] : [`the private folder of this restore is ${area}`];
	},
};

/** The missing folders above a private folder. */
export function makeAbove(area: string): void {
	using root = rootFolder();
	descendMaking(root, resolvePath(dirname(area)).path)[Symbol.dispose]();
}

/** A folder that is not empty is not ours to remove. */
export function removeParents(deepestFirst: readonly string[]): void {
	for (const folder of deepestFirst)
		try {
			inParent(folder, (parent, name) => rmdirSync(parent.at(name)));
		} catch {
			// The folder is not empty.
		}
}

function requireNothingOld(area: string): void {
	using found = openArea(area);
	if (found === undefined) return;
	let left: string[] = [];
	try {
		left = closing(descend(found, OLD), ({ self }) => readdirSync(self));
	} catch (error) {
		if (!isAbsent(error)) throw error;
	}
	if (left.length === 0) return;
	throw new HoldfastError("path-occupied", `${area} still contains the previous data: ${left.join(", ")}`, {
		subject: area,
		hint: "they are kept; move them back to their place by hand",
	});
}
