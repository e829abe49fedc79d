// Create the accounts of a database server that a dump needs and the server lacks.
import { databaseOf, openDatabase } from "../../databases/dump.ts";
import { listed } from "../../values/listed.ts";
import type { AccountsStep, MadeAccounts } from "../accounts.ts";
import type { StepWork } from "../step.ts";
import { heldIn, isAsWritten } from "./as-written.ts";

export const accounts: StepWork<AccountsStep, MadeAccounts> = {
	about: ({ dump }) => databaseOf(dump),
	async run(step, { note, point, signal }) {
		const { dump, file, facts = { version: 0 }, agreed = false } = step;
		const trusted = (await isAsWritten(step, "accounts", file)) || agreed;
		const held = await heldIn(file, trusted);
		const database = await openDatabase(dump, signal);
		const missing = await database.missing(held);
		if (missing.length > 0) note({ accounts: missing });
		const leftOut = await database.createAccounts(held, missing, { facts, trusted });
		const still = missing.length > 0 ? await database.missing(held) : [];
		const made = missing.filter((name) => !still.includes(name));
		// One that could not be created is not ours: neither to give it privileges later, nor to drop it.
		if (still.length > 0) note({ accounts: made });
		const warnings = [
			...(made.length > 0
				? [
						`created the ${made.length === 1 ? "account" : "accounts"} ${listed(made)}, which did not exist on this server`,
					]
				: []),
			...leftOut,
		];
		point("made");
		return warnings.length > 0 ? { warnings } : undefined;
	},
	async undo({ dump }, { noted }) {
		const made = noted();
		if (made) await (await openDatabase(dump)).dropAccounts(made.accounts);
	},
};
