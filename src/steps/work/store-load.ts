// Load the dump of a store in place of its content. The undo is that of `store-aside`, which waits for the folders.
import { rename, rm } from "node:fs/promises";
import { databaseOf, dumpLabel, openDatabase } from "../../databases/dump.ts";
import { exists } from "../../host/files.ts";
import type { StepWork } from "../step.ts";
import type { StoreLoaded, StoreLoadStep } from "../store-load.ts";
import { dumpInto } from "./dump.ts";

export const storeLoad: StepWork<StoreLoadStep, StoreLoaded, StoreLoaded> = {
	about: ({ dump }) => databaseOf(dump),
	async run({ dump, file, facts }, context) {
		context.note({ began: true });
		context.point("loading");
		await (await openDatabase(dump, context.signal)).load(file, facts, context);
		context.point("loaded");
	},
	async beforeUndo({ scope, wayBack }, { plan, note, noted, unwatched }) {
		const known = noted();
		if (wayBack !== "dump" || known === undefined || known.written) return;
		// What an undo of an undo would lose is what the user no longer wanted.
		if (unwatched(scope)?.unitsWereUp && plan.operation !== "undo") note({ ...known, written: true });
	},
	async undo({ dump, wayBack, found }, context) {
		const known = context.noted();
		if (known === undefined) return;
		if (wayBack === "none")
			context.leaves(
				`the ${dumpLabel(dump)} has the content of the archive, as far as it was loaded: it has no way back (wayBack: none)`,
			);
		if (!known.written) return;
		if (!(await exists(found))) {
			const part = `${found}.part`;
			await rm(part, { force: true });
			await dumpInto(await (await openDatabase(dump)).dump(part, context), part, context.signal);
			await rename(part, found);
		}
		context.leaves(
			`the ${dumpLabel(dump)} may have been written to between the restore and its undo: a dump of that content is ${found}; copy from it what you need, then delete it`,
		);
	},
};
