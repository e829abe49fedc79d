// Extract part of an archive below a folder of the user's choice, without touching anything else.
import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { into } from "../../engines/into.ts";
import { openDestination } from "../../engines/registry.ts";
import { withoutInheritance } from "../../host/attributes.ts";
import { removeIn, syncFilesystemOf } from "../../host/files.ts";
import {
	descendMaking,
	enterOwn,
	type Folder,
	isAbsent,
	isEmpty,
	missingFolders,
	namesIn,
	openFolder,
	rootFolder,
} from "../../host/folder.ts";
import { resolvePath } from "../../host/trust.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Extracted, ExtractStep } from "../extract.ts";
import type { StepWork } from "../step.ts";
import { removeParents } from "./area.ts";
import { restoreInto } from "./restore-into.ts";
import { withoutSpecialFiles } from "./special-files.ts";

const PART = ".holdfast-part";

export const extract: StepWork<ExtractStep, Extracted> = {
	async run(step, context) {
		const { paths, archive } = step;
		const { path, found } = resolvePath(step.into);
		using root = rootFolder();
		if (found !== undefined) requireEmpty(path);
		context.note({ into: path, folders: missingFolders(root, path) });
		using folder = descendMaking(root, path, 0o700);
		// The folder may be a share with a default ACL for new files; restored files keep their own.
		mkdirSync(folder.at(PART), { mode: 0o700 });
		using part = enterOwn(folder, PART);
		withoutInheritance(part);
		const target = into(part, context.log);
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		const after: string[] = [];
		const work = { ...context, warn: (line: string) => void after.push(line) };
		await restoreInto(destination, { archive, paths }, target, { folder: part, path }, work);
		const result = step.specialFiles ? undefined : await withoutSpecialFiles(target);
		for (const name of [...namesIn(part)]) renameSync(part.at(name), folder.at(name));
		rmdirSync(folder.at(PART));
		await syncFilesystemOf(folder);
		const warnings = [...after, ...(result?.warnings ?? [])];
		return { into: path, ...(warnings.length > 0 ? { warnings } : {}) };
	},
	async undo({ into }, { noted }) {
		const made = noted();
		if (!made) return;
		using folder = ifThere(made.into ?? into);
		if (folder === undefined) return;
		for (const name of [...namesIn(folder)]) await removeIn(folder, name);
		removeParents(made.folders);
	},
};

function requireEmpty(path: string): void {
	using folder = openFolder(path);
	if (isEmpty(folder)) return;
	throw new HoldfastError("path-occupied", `${path} is not empty`, {
		subject: path,
		hint: "name a folder that is empty or does not exist",
	});
}

function ifThere(path: string): Folder | undefined {
	try {
		return openFolder(path);
	} catch (error) {
		if (isAbsent(error)) return undefined;
		throw error;
	}
}
