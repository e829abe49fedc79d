// Files in the lower layer of an overlay cannot be renamed: they are copied aside and then deleted. The copy gets its final
// name once it is complete and synced; until then the original has not been touched.
import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { copyTree } from "../../host/attributes.ts";
import { removeIn, syncFilesystemOf } from "../../host/files.ts";
import { enter, entryIn, type Folder, syncFolder } from "../../host/folder.ts";
import type { Aside } from "../aside.ts";
import type { StepContext } from "../context.ts";

const partOf = (oldName: string) => `${oldName}.part`;

export async function asideByCopy(
	home: Folder,
	name: string,
	olds: Folder,
	oldName: string,
	{ note, point }: StepContext<Aside>,
): Promise<void> {
	note({ copied: "begun" });
	await removePart(olds, oldName);
	mkdirSync(olds.at(partOf(oldName)), { mode: 0o700 });
	{
		using part = enter(olds, partOf(oldName));
		await copyTree(home, name, part);
		point("copied");
		await syncFilesystemOf(part);
		renameSync(part.at(name), olds.at(oldName));
	}
	rmdirSync(olds.at(partOf(oldName)));
	syncFolder(olds);
	point("whole");
	note({ copied: "whole" });
	await removeIn(home, name);
	point("deleted");
	note({ copied: "gone" });
	syncFolder(home);
}

export async function removePart(olds: Folder, oldName: string): Promise<void> {
	if (entryIn(olds, partOf(oldName))) await removeIn(olds, partOf(oldName));
}
