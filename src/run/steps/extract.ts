// Extract part of an archive below a folder of the user's choice, where it touches nothing else.
import { mkdir, readdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { exists, removeTree, syncFilesystem } from "../../host/files.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { openDestination } from "../../providers/registry.ts";
import type { ExtractStep } from "../step.ts";
import type { StepWork } from "../work.ts";

/** The note: folders that had to be made, `into` first. Empty when it was there. */
interface Made {
	readonly folders: readonly string[];
}

export const extract: StepWork<ExtractStep> = {
	async run(step, context) {
		const { into, paths, archive } = step;
		if ((await exists(into)) && (await readdir(into)).length > 0)
			throw new HoldfastError("failed", `${into} is not empty`, {
				hint: "name a folder that is empty or not there yet",
			});
		const folders: string[] = [];
		for (let folder = into; !(await exists(folder)); folder = dirname(folder)) folders.push(folder);
		context.note({ folders } satisfies Made);
		await mkdir(into, { recursive: true, mode: 0o700 });
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		await destination.restore(archive, paths, into, context);
		await syncFilesystem(into);
		return { into };
	},
	async undo({ id, into }, { noteOf }) {
		const made = noteOf(id) as Made | undefined;
		if (!made || !(await exists(into))) return;
		for (const name of await readdir(into)) await removeTree(`${into}/${name}`);
		for (const folder of made.folders) await rmdir(folder).catch(() => {});
	},
};
