// The manifest, version 1: the resolved description of one machine, and the only thing that the runtime reads.
import * as v from "valibot";
import { dumpSchema } from "../databases/dump.ts";
import { healthCheckSchema } from "../health/list.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import { unitSchema } from "../values/unit.ts";
import { machineFields, maxAgeSchema, scheduleSchema } from "./machine.ts";
import { providerSchema } from "./providers.ts";

const hookOptions = {
	user: v.pipe(v.optional(f.text), v.description("run as this user (default: the user that runs Holdfast)")),
	environment: v.pipe(
		v.optional(f.environment),
		v.description("further environment variables; never secrets"),
	),
};

/** The forms of a hook, without the `timeout`, which a person writes in another way. */
export const hookForms = {
	script: {
		script: v.pipe(f.text, v.description("a script, run under `bash -euo pipefail`")),
		...hookOptions,
	},
	command: {
		command: v.pipe(f.argv, v.description("a program and its arguments, run without a shell")),
		...hookOptions,
	},
};

const timeout = v.pipe(
	v.number(),
	v.minValue(1),
	v.description("seconds until its whole process group is ended"),
);

export const hookSchema = v.union([
	v.strictObject({ ...hookForms.script, timeout }),
	v.strictObject({ ...hookForms.command, timeout }),
]);
export type Hook = v.InferOutput<typeof hookSchema>;

export const HOOKS = ["preBackup", "postBackup", "preRestore", "postRestore"] as const;
export type HookName = (typeof HOOKS)[number];

const within = v.pipe(
	v.number(),
	v.minValue(0),
	v.description("seconds in which it has to pass; it is asked again until then"),
);

export const stateSchema = v.strictObject({
	folders: v.array(f.folder),
	exclude: v.array(f.pattern),
	dumps: v.array(dumpSchema),
	hooks: v.strictObject({
		preBackup: v.optional(hookSchema),
		postBackup: v.optional(hookSchema),
		preRestore: v.optional(hookSchema),
		postRestore: v.optional(hookSchema),
	}),
	stopOnBackup: v.array(unitSchema),
	stopOnRestore: v.array(unitSchema),
	after: v.array(f.name),
	settle: v.pipe(
		v.number(),
		v.minValue(0),
		v.description("seconds that the units must stay active after a restore before it counts"),
	),
	specialFiles: v.pipe(
		v.optional(v.boolean()),
		v.description("whether a restore brings back device nodes, setuid files and file capabilities"),
	),
	healthChecks: v.pipe(
		v.array(healthCheckSchema(within)),
		v.description("what shows that the service is healthy"),
	),
	maxAge: v.optional(maxAgeSchema),
});
export type State = v.InferOutput<typeof stateSchema>;

export const manifestSchema = v.strictObject({
	version: v.literal(1),
	machine: f.name,
	...machineFields,
	schedule: v.optional(scheduleSchema),
	maxAge: v.optional(maxAgeSchema),
	state: record(f.name, stateSchema),
	providers: record(f.name, providerSchema),
});
export type { ProviderOptions } from "./providers.ts";
export type Manifest = v.InferOutput<typeof manifestSchema>;
