// Make the accounts of a server that a dump needs and that are missing.
import * as v from "valibot";
import type { DumpFacts } from "../databases/database.ts";
import type { ServerDump } from "../databases/dump.ts";
import { object, some, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

/** What this machine knows of a dump since it wrote it, and whether a person has said that the archive may be trusted. */
const known = object({
	/** SHA-256 in hex, of the dump and of its accounts, as this machine wrote them to any destination. */
	dump: texts,
	accounts: texts,
	/** As they were then. */
	facts: some<DumpFacts>(),
	/** It was written to just this destination: when it is another now, somebody changed it. */
	here: v.boolean(),
});
export type Known = v.InferOutput<typeof known>;

export const trusting = {
	/** Undefined for an archive that this machine does not know. */
	known: v.exactOptional(known),
	agreed: v.exactOptional(v.boolean()),
};

const params = {
	dump: some<ServerDump>(),
	file: text,
	/** 0.1.0 went without. */
	facts: v.exactOptional(some<DumpFacts>()),
	...trusting,
};
export type AccountsStep = StepOf<"accounts", typeof params>;

/** Those that it makes. */
const note = object({ accounts: texts });
export type MadeAccounts = v.InferOutput<typeof note>;

export const accounts = defineStep({
	kind: "accounts",
	params,
	id: (state: string, index: number) => `accounts:${state}:${index}`,
	note,
	work: async () => (await import("./work/accounts.ts")).accounts,
});
