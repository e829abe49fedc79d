// A state's databases: dumped before the backup; on restore loaded beside the live ones, then swapped by rename.
import { mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { DumpFacts } from "../../databases/database.ts";
import { openDatabase } from "../../databases/registry.ts";
import type { DatabaseDropStep, DatabaseSwapStep, DumpStep, LoadStep, StepWork } from "../step.ts";

/** The note of a `dump` step when it is whole. */
export interface Dumped {
	readonly facts: DumpFacts;
	readonly bytes: number;
}

export const dump: StepWork<DumpStep> = {
	async run({ dump, file }, { note, signal, log, point }) {
		await mkdir(dirname(file), { recursive: true, mode: 0o700 });
		// One that a run left which could not tidy up.
		await rm(file, { force: true });
		const facts = await (await openDatabase(dump)).dump(file, signal, log);
		point("dumped");
		const { size: bytes } = await stat(file);
		note({ facts, bytes } satisfies Dumped);
		return { bytes };
	},
	async undo({ file }) {
		await rm(file, { force: true });
	},
};

export const load: StepWork<LoadStep> = {
	async run({ dump, file, facts, as }, { note, signal, log, point }) {
		note({ began: true });
		await (await openDatabase(dump)).load(file, facts, as, signal, log);
		point("loaded");
	},
	async undo({ id, dump, as }, { noteOf }) {
		if (noteOf(id) !== undefined) await (await openDatabase(dump)).drop(as);
	},
};

export const databaseSwap: StepWork<DatabaseSwapStep> = {
	async run({ dump, fresh, old }, { note, point }) {
		note({ began: true });
		await (await openDatabase(dump)).swap(fresh, dump.postgresql, old);
		point("swapped");
	},
	async undo({ id, dump, fresh, old }, { noteOf, point }) {
		if (noteOf(id) === undefined) return;
		await (await openDatabase(dump)).swapBack(fresh, dump.postgresql, old);
		point("back");
	},
	async whereabouts({ dump, fresh, old }) {
		const database = await openDatabase(dump);
		const there: string[] = [];
		if (await database.exists(old)) there.push(`the database ${dump.postgresql} as it was before is ${old}`);
		if (await database.exists(fresh))
			there.push(`the database ${dump.postgresql} of the archive is ${fresh}`);
		return there;
	},
};

export const databaseDrop: StepWork<DatabaseDropStep> = {
	async run({ dump, name }) {
		await (await openDatabase(dump)).drop(name);
	},
};
