// Create a system account with its own home (0700), reachable over SSH.
import * as v from "valibot";
import { object, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = { user: text, home: text };
export type AccountStep = StepOf<"account", typeof params>;

/** What existed before. */
const note = object({ had: v.boolean(), home: v.boolean() });
export type AccountBefore = v.InferOutput<typeof note>;

export const account = defineStep({
	kind: "account",
	params,
	id: (user: string) => `account:${user}`,
	note,
	work: async () => (await import("./work/account.ts")).account,
});
