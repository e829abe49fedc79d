// Install or remove files on this machine. Each change is atomic, and the previous version is put back if a later step
// fails.
import { chmod, copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, syncPath } from "../../host/files.ts";
import { isErrno } from "../../values/error.ts";
import type { UndoContext } from "../context.ts";
import { asides, type FilePutStep, type Stood } from "../file-put.ts";
import type { FileTakeStep } from "../file-take.ts";
import type { StepWork } from "../step.ts";

export const filePut: StepWork<FilePutStep, Stood> = {
	async run({ path, from, mode, folderMode, keeps }, context) {
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
			if (keeps !== undefined) {
				await rm(keeps, { force: true });
				await link(path, keeps);
			}
		}
		context.point("kept");
		await rename(fresh, path);
		await syncPath(dirname(path));
	},
	async undo(step, context) {
		await putBack(step, context);
		if (step.keeps !== undefined && context.noted()) await rm(step.keeps, { force: true });
	},
};

export const fileTake: StepWork<FileTakeStep, Stood> = {
	async run({ path, restores }, context) {
		const { old } = asides(path, context.plan.run);
		const had = await exists(path);
		context.note({ had });
		if (had) await rename(path, old);
		context.point("taken");
		if (restores !== undefined && (await exists(restores))) await rename(restores, path);
		await syncPath(dirname(path)).catch(ifAbsent);
	},
	async undo(step, context) {
		const { path, restores } = step;
		const found = context.noted();
		// What was put back is kept again; if it was not yet, our own file is still aside or in its place.
		const isBack = found && (!found.had || (await exists(asides(path, context.plan.run).old)));
		if (restores !== undefined && isBack && (await exists(path)) && !(await exists(restores)))
			await rename(path, restores);
		await putBack(step, context);
	},
};

/** The folder of a file that is gone may be gone, too. */
function ifAbsent(error: unknown): void {
	if (!isErrno(error, "ENOENT")) throw error;
}

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
