// The way back of a load that replaces the content of a store.
import { rm } from "node:fs/promises";
import { databaseOf, dumpLabel, openDatabase, type StoreDump } from "../../databases/dump.ts";
import { exists } from "../../host/files.ts";
import { HoldfastError, reportOf } from "../../values/error.ts";
import type { StepWork } from "../step.ts";
import type { PutAside, StoreAsideStep } from "../store-aside.ts";
import { storeLoad } from "../store-load.ts";
import { dumpInto } from "./dump.ts";

/** The run keeps to the commands that it began with, whatever the config says by now. */
function stuck(cause: unknown, dump: StoreDump, file: string, run: string): HoldfastError {
	const { message, ...more } = reportOf(cause);
	return new HoldfastError("database-failed", message, {
		...(more.details === undefined ? {} : { details: more.details }),
		subject: databaseOf(dump),
		cause,
		hint: `if its load command is at fault, changing the config does not help this run: load ${file} by hand, copy that file elsewhere, and then: holdfast recover --abandon ${run} --yes`,
	});
}

export const storeAside: StepWork<StoreAsideStep, PutAside> = {
	about: ({ dump }) => databaseOf(dump),
	async run({ dump, file }, context) {
		context.note({ began: true });
		const store = await openDatabase(dump, context.signal);
		try {
			await dumpInto(await store.dump(file, context), file, context.signal);
		} catch (error) {
			context.signal.throwIfAborted();
			const { message, details } = reportOf(error);
			throw new HoldfastError(
				"database-failed",
				`the content that the ${dumpLabel(dump)} has now could not be put aside, so a restore could not be undone: ${message}`,
				{
					...(details === undefined ? {} : { details }),
					cause: error,
					hint: "if there is nothing in it that you need, restore with --in-place. If it cannot be dumped while its units are down, say so with wayBack in the config",
				},
			);
		}
		context.point("dumped");
	},
	/** Safe to repeat: the file is deleted when its content is live again. */
	async undo({ dump, file, before }, context) {
		if (context.noted() === undefined) return;
		if (context.handedBy(storeLoad, before) !== undefined && (await exists(file))) {
			await (await openDatabase(dump)).load(file, { version: 1 }, context).catch((error: unknown) => {
				throw stuck(error, dump, file, context.plan.run);
			});
			context.point("back");
		}
		await rm(file, { force: true });
	},
	async whereabouts({ dump, file }) {
		return (await exists(file))
			? [`a dump of the previous content of the ${dumpLabel(dump)} is ${file}`]
			: [];
	},
};
