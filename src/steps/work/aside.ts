// The first half of the swap: the live data are moved aside. Each rename is undone by itself, and only if the disk shows
// that it happened. A mount point or subvolume is kept, and its entries are renamed one by one. All of this works on open
// folders, because somebody else may own the folder that holds the live data.
import { mkdirSync, rmdirSync } from "node:fs";
import { copyAttributes } from "../../host/attributes.ts";
import { removeIn, renameIn } from "../../host/files.ts";
import {
	descend,
	entryIn,
	type Folder,
	inParent,
	namesIn,
	openFolder,
	syncFolder,
} from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import type { Aside, AsideStep } from "../aside.ts";
import type { StepContext } from "../context.ts";
import type { Place } from "../fields.ts";
import type { StepWork } from "../step.ts";
import { asideByCopy, removePart } from "./aside-by-copy.ts";
import { freeName, isStaged, isThere, movable, requireArea, requireStill } from "./live.ts";

export const aside: StepWork<AsideStep, Aside> = {
	async run({ place }, context) {
		const { live, old, mode } = place;
		if (!isThere(live)) return;
		requireStill(place);
		await inArea(old, async (olds, oldName) => {
			if (entryIn(olds, oldName))
				throw new HoldfastError("path-occupied", `${old} is already there`, { subject: old });
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
	async undo({ place }, context) {
		const { live, old, mode } = place;
		const { copied, attributesKept } = context.noted() ?? {};
		requireArea(place);
		await inArea(old, async (olds, oldName) => {
			if (copied !== undefined) await removePart(olds, oldName);
			if (!entryIn(olds, oldName)) return;
			// The original is untouched, and may have been written to since.
			if (copied === "begun") return removeIn(olds, oldName);
			if (mode === "entries") {
				using held = descend(olds, oldName);
				using home = openFolder(live);
				for (const name of [...namesIn(held)]) {
					putFoundAside(home, name, place, context);
					renameIn(held, name, home, name);
					context.point(`back-${name}`);
				}
				if (attributesKept) await copyAttributes(held, home);
				rmdirSync(olds.at(oldName));
				syncFolder(home);
			} else
				await inParent(live, async (home, name) => {
					// The rest of the data that were copied, or else something that was created meanwhile.
					if (copied === "whole") await removeIn(home, name);
					else putFoundAside(home, name, place, context);
					renameIn(olds, oldName, home, name);
					context.point("back");
					syncFolder(home);
				});
		});
	},
	async whereabouts({ place: { live, old } }) {
		return isStaged(old) ? [`the previous ${live} is now ${old}`] : [];
	},
};

async function asideEntries(
	place: Place,
	olds: Folder,
	oldName: string,
	{ note, point }: StepContext<Aside>,
): Promise<void> {
	note({ attributesKept: false });
	mkdirSync(olds.at(oldName), { mode: 0o700 });
	using home = openFolder(place.live);
	using old = descend(olds, oldName);
	await copyAttributes(home, old);
	note({ attributesKept: true });
	for (const name of movable(home)) {
		renameIn(home, name, old, name);
		point(`moved-${name}`);
	}
	syncFolder(old);
	syncFolder(home);
}

/** Whatever something else created meanwhile is never deleted. */
function putFoundAside(home: Folder, name: string, { live }: Place, { plan, leaves }: StepContext): void {
	if (!entryIn(home, name)) return;
	const kept = freeName(home, `${name}.found-${plan.run}`, plan.run);
	renameIn(home, name, home, kept);
	leaves(
		`something created ${home.path}/${name} again while ${live} was being restored; it is kept as ${home.path}/${kept}`,
	);
}
