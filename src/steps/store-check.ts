// Before anything is touched: is the dump of a store one that its load may read?
import type { StoreDump } from "../databases/dump.ts";
import { trustParams } from "./accounts.ts";
import { some, text } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	dump: some<StoreDump>(),
	/** The extracted dump. */
	file: text,
	...trustParams,
};
export type StoreCheckStep = StepOf<"store-check", typeof params>;

export const storeCheck = defineStep({
	kind: "store-check",
	params,
	id: (state: string, index: number) => `store-check:${state}:${index}`,
	onlyReads: true,
	work: async () => (await import("./work/store-check.ts")).storeCheck,
});
