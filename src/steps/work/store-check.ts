// Only what this machine wrote is handed to the load of a store, unless the user trusts the archive: the load may well
// run what it reads.
import { databaseOf, dumpLabel } from "../../databases/dump.ts";
import { HoldfastError } from "../../values/error.ts";
import type { StepWork } from "../step.ts";
import type { StoreCheckStep } from "../store-check.ts";
import { isAsWritten } from "./as-written.ts";

export const storeCheck: StepWork<StoreCheckStep> = {
	about: ({ dump }) => databaseOf(dump),
	async run(step) {
		if ((await isAsWritten(step, "dump", step.file)) || step.agreed) return;
		throw new HoldfastError(
			"archive-mismatch",
			`this machine has no record of writing the dump of the ${dumpLabel(step.dump)}, which the command \`load\` would read`,
			{
				subject: databaseOf(step.dump),
				hint: "if you trust the archive: restore it with --trust-archive; to look at the dump first: --into FOLDER",
			},
		);
	},
};
