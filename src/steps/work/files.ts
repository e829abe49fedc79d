// Install or remove files on this machine. Each change is atomic, and the previous version is put back if a later step
// fails.
import { chmod, copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, syncPath } from "../../host/files.ts";
import type { UndoContext } from "../context.ts";
import { asides, type FilePutStep, type Stood } from "../file-put.ts";
import type { FileTakeStep } from "../file-take.ts";
import type { StepWork } from "../step.ts";

export const filePut: StepWork<FilePutStep, Stood> = {
	async run({ path, from, mode, folderMode }, context) {
		const { fresh, old } = asides(path, context.plan.run);
		await mkdir(dirname(path), { recursive: true, mode: Number.parseInt(folderMode, 8) });
		await rm(fresh, { force: true });
		await copyFile(from, fresh);
		await chmod(fresh, Number.parseInt(mode, 8));
		await syncPath(fresh);
		const had = await exists(path);
		context.note({ had });
		if (had) {
			await rm(old, { force: true });
			await link(path, old);
		}
		context.point("kept");
		await rename(fresh, path);
		await syncPath(dirname(path));
	},
	undo: putBack,
};

export const fileTake: StepWork<FileTakeStep, Stood> = {
	async run({ path }, context) {
		const { old } = asides(path, context.plan.run);
		const had = await exists(path);
		context.note({ had });
		if (!had) return;
		await rename(path, old);
		await syncPath(dirname(path));
	},
	undo: putBack,
};

async function putBack({ path }: FilePutStep | FileTakeStep, context: UndoContext<Stood>): Promise<void> {
	const { fresh, old } = asides(path, context.plan.run);
	await rm(fresh, { force: true });
	const found = context.noted();
	if (!found) return;
	if (await exists(old)) {
		await rename(old, path);
		// rename(2) does nothing if both names are links to the same file.
		await rm(old, { force: true });
	} else if (!found.had) await rm(path, { force: true });
	await syncPath(dirname(path)).catch(() => {});
}
