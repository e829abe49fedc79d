// Swap a newly loaded database with the live one, and back.
import { databaseOf, dumpLabel, openDatabase, requireFreeName } from "../../databases/dump.ts";
import type { DatabaseSwapStep, Swapped } from "../database-swap.ts";
import { load } from "../load.ts";
import type { StepWork } from "../step.ts";

export const databaseSwap: StepWork<DatabaseSwapStep, Swapped, Swapped> = {
	about: ({ dump }) => databaseOf(dump),
	async run({ dump, fresh, old, into, loaded, rest }, { note, noted, handedBy, point, signal }) {
		const before = noted();
		if (before === undefined && into !== undefined) await requireFreeName(dump, into);
		if (before === undefined) note({ began: true, memory: null });
		const warnings: string[] = [];
		await (await openDatabase(dump)).swap({
			...{ fresh, live: into ?? databaseOf(dump), old, point, signal, mustBeNew: into !== undefined },
			rest: loaded === undefined ? (rest ?? null) : handedBy(load, loaded)?.rest,
			memory: before?.memory ?? null,
			keep: (memory) => note({ began: true, memory }),
			warn: (line) => warnings.push(line),
		});
		point("swapped");
		return warnings.length > 0 ? { warnings } : undefined;
	},
	async beforeUndo({ scope, dump, fresh }, { plan, note, noted, unwatched, leaves }) {
		const known = noted();
		// The undo of an undo keeps it anyway.
		if (!unwatched(scope)?.unitsWereUp || !known || known.written || plan.operation === "undo") return;
		note({ ...known, written: true });
		leaves(
			`the ${dumpLabel(dump)} may have been written to between the restore and its undo: the restored data with these changes are kept as the database ${fresh}; copy from it what you need, then drop it`,
		);
	},
	async undo({ dump, fresh, old, into, rest }, { noted, point, leaves }) {
		const note = noted();
		if (note === undefined) return;
		await (await openDatabase(dump)).swapBack({
			...{ fresh, live: into ?? databaseOf(dump), old, point },
			rest,
			memory: note.memory,
			warn: leaves,
			forUse: note.written === true,
		});
		point("back");
	},
	async whereabouts({ dump, fresh, old }) {
		const database = await openDatabase(dump);
		const name = databaseOf(dump);
		const there: string[] = [];
		if (await database.exists(old)) there.push(`the previous database ${name} is now ${old}`);
		if (await database.exists(fresh)) there.push(`the database ${name} from the archive is ${fresh}`);
		return there;
	},
};
