// Run a hook: the user's own script or command.
import * as v from "valibot";
import type { Hook, HookName } from "../manifest/schema.ts";
import { object, some, text, texts } from "./fields.ts";
import { defineStep, type StepOf } from "./step.ts";

const params = {
	state: text,
	hook: v.custom<HookName>((value) => typeof value === "string"),
	spec: some<Hook>(),
	/** Clan's environment variables, for restores. */
	archive: v.exactOptional(object({ name: text, folders: texts })),
};
export type HookStep = StepOf<"hook", typeof params>;

export const hook = defineStep({
	kind: "hook",
	params,
	id: (hook: HookName, state: string) => `${hook}:${state}`,
	work: async () => (await import("./work/hook.ts")).hook,
});
