// Create the accounts of a database server that a dump needs and the server lacks.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { ServerDump } from "../databases/dump.ts";
import { object, some, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** What this machine recorded about a dump when it wrote it, and whether the user trusts the archive. */
const known = object({
	/** SHA-256 in hex of the dump and of its accounts, as this machine wrote them to any destination. */
	dump: texts,
	accounts: texts,
	/** The facts about the dump at that time. */
	facts: some<DumpFacts>(),
	/** The archive was written to exactly this destination: if the digest differs now, somebody changed the file. */
	here: v.boolean(),
});
export type Known = v.InferOutput<typeof known>;

export const trustParams = {
	/** Undefined for an archive that this machine does not know. */
	known: v.exactOptional(known),
	agreed: v.exactOptional(v.boolean()),
};

const params = {
	dump: some<ServerDump>(),
	file: text,
	/** Absent in plans of 0.1.0. */
	facts: v.exactOptional(some<DumpFacts>()),
	...trustParams,
};
export type AccountsStep = StepOf<"accounts", typeof params>;

/** The accounts that this step creates. */
const note = object({ accounts: texts });
const hands = object({ accounts: texts });
export type MadeAccounts = v.InferOutput<typeof note>;

export const accounts = defineStep({
	kind: "accounts",
	params,
	id: (state: string, index: number) => `accounts:${state}:${index}`,
	note,
	hands,
	work: async () => (await import("./work/accounts.ts")).accounts,
});
