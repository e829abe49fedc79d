// Build a database's file in the folder that was extracted, so that it is put in place together with that folder.
import { basename, dirname } from "node:path";
import { databaseOf, openDatabase } from "../../databases/dump.ts";
import { descend, split } from "../../host/folder.ts";
import { inArea } from "../../host/private-area.ts";
import type { DatabaseFileStep } from "../database-file.ts";
import type { StepWork } from "../step.ts";

export const databaseFile: StepWork<DatabaseFileStep> = {
	about: ({ dump }) => databaseOf(dump),
	async run({ dump, file, facts, ...where }, { signal }) {
		const { folder = dirname(where.to) } = where;
		const to = where.folder === undefined ? basename(where.to) : where.to;
		const database = await openDatabase(dump, signal);
		const [above, name] = split(`/${to}`);
		await inArea(folder, async (parent, within) => {
			using home = descend(parent, within + above);
			await database.put(file, facts, home, name);
		});
	},
};
