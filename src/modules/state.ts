// What a person may write of a state, and what a module yields: the fields of the manifest, with short forms.
import * as v from "valibot";
import { dumpSchema } from "../databases/dump.ts";
import { healthCheckSchema } from "../health/list.ts";
import { maxAgeInputSchema } from "../manifest/machine.ts";
import { hookForms } from "../manifest/schema.ts";
import { DURATION } from "../values/duration.ts";
import * as f from "../values/fields.ts";

const duration = v.union(
	[
		v.pipe(v.number(), v.minValue(1)),
		v.pipe(v.string(), v.regex(DURATION, 'write a time like "30s", "10m" or "2h"')),
	],
	'write a time like "30s", "10m" or "2h"',
);

/** A duration that may be nothing at all. */
const pause = v.union([v.literal(0), duration], 'write a time like "3s", or 0');

const timeout = v.pipe(v.optional(duration), v.description('such as "30s", "10m" or "2h" (default 1h)'));

const hook = v.pipe(
	v.union(
		[
			f.text,
			f.argv,
			v.strictObject({ ...hookForms.script, timeout }),
			v.strictObject({ ...hookForms.command, timeout }),
		],
		"a hook is a script, a command as a list, or { script | command, user, timeout, environment }",
	),
	v.description("a script under `bash -euo pipefail`, or a command as a list, or an object with options"),
);
export type HookInput = v.InferOutput<typeof hook>;

const unit = v.union(
	[
		f.unitName,
		v.strictObject({
			unit: v.pipe(f.unitName, v.description("a unit's name; `.service` may be left out")),
			user: v.pipe(v.optional(f.text), v.description("the user whose systemd manager runs it")),
		}),
	],
	"a unit is a name, or { unit, user } for a unit of that user's own manager",
);

const within = v.pipe(
	v.optional(pause),
	v.description("how long it may take to pass; it is asked again until then (default 30s)"),
);
const check = healthCheckSchema(within);
export type HealthCheckInput = v.InferOutput<typeof check>;

export const stateSchema = v.strictObject({
	folders: v.pipe(
		v.optional(v.array(f.folder)),
		v.description("absolute paths of the folders that this state owns"),
	),
	exclude: v.pipe(
		v.optional(v.array(f.pattern)),
		v.description(
			"patterns left out: a name (`*.tmp`), a path below a folder (`cache/*`), or an absolute path; see [patterns](patterns.md)",
		),
	),
	dumps: v.pipe(
		v.optional(v.array(dumpSchema)),
		v.description(
			"databases that belong to the state: dumped with it, loaded and swapped when it is restored",
		),
	),
	hooks: v.pipe(
		v.optional(
			v.strictObject({
				preBackup: v.optional(hook),
				postBackup: v.optional(hook),
				preRestore: v.optional(hook),
				postRestore: v.optional(hook),
			}),
		),
		v.description("the user's own commands at named points"),
	),
	stopOnBackup: v.pipe(
		v.optional(v.array(unit)),
		v.description("systemd units that are stopped while the backup is taken"),
	),
	stopOnRestore: v.pipe(
		v.optional(v.array(unit)),
		v.description("systemd units that are stopped around a restore's swap"),
	),
	after: v.pipe(v.optional(v.array(f.name)), v.description("states that come before this one")),
	settle: v.pipe(
		v.optional(pause),
		v.description("how long the units must stay active after a restore before it counts (default 3s)"),
	),
	specialFiles: v.pipe(
		v.optional(v.boolean()),
		v.description(
			"bring back device nodes, setuid files and file capabilities, which a restore otherwise leaves out",
		),
	),
	healthChecks: v.pipe(
		v.optional(v.array(check)),
		v.description("what shows that the service is healthy; a restore that fails one is undone"),
	),
	maxAge: v.optional(maxAgeInputSchema),
});
export type StateInput = v.InferOutput<typeof stateSchema>;

const FIELDS = Object.keys(stateSchema.entries) as (keyof StateInput)[];

/** As a person writes it, who may also take the place of what a module yields. */
export const userStateSchema = v.strictObject({
	...stateSchema.entries,
	replace: v.pipe(
		v.optional(v.array(v.picklist(FIELDS))),
		v.description("fields in which this takes the place of what a module declares, where it would be added"),
	),
});
