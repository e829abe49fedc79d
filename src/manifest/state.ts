// A state, as a person writes it and a module yields it; the manifest holds the form that this schema turns it into.
import * as v from "valibot";
import { dumpSchema } from "../databases/dump.ts";
import { healthCheckSchema } from "../health/list.ts";
import * as f from "../values/fields.ts";
import { unit } from "../values/unit.ts";
import { maxAge } from "./machine.ts";

const hookOptions = {
	user: v.pipe(v.optional(f.text), v.description("run as this user (default: the user that runs Holdfast)")),
	environment: v.pipe(
		v.optional(f.environment),
		v.description("further environment variables; never secrets"),
	),
	timeout: v.optional(
		f.seconds(f.duration, {
			about: 'how long it may run, such as "10m"; then its whole process group is ended',
			usual: "1h",
			least: 1,
			isFilledIn: true,
		}),
		"1h",
	),
};
const DEFAULT_TIMEOUT_SECONDS = 3600;

const scriptHook = v.strictObject({
	script: v.pipe(f.text, v.description("a script, run under `bash -euo pipefail`")),
	...hookOptions,
});
const commandHook = v.strictObject({
	command: v.pipe(f.argv, v.description("a program and its arguments, run without a shell")),
	...hookOptions,
});
export type Hook = v.InferOutput<typeof scriptHook> | v.InferOutput<typeof commandHook>;

const hook = v.pipe(
	v.union(
		[
			v.pipe(
				f.text,
				v.transform((script): Hook => ({ script, timeout: DEFAULT_TIMEOUT_SECONDS })),
			),
			v.pipe(
				f.argv,
				v.transform((command): Hook => ({ command, timeout: DEFAULT_TIMEOUT_SECONDS })),
			),
			scriptHook,
			commandHook,
		],
		"a hook is a script, a command as a list, or { script | command, user, timeout, environment }",
	),
	v.description("a script under `bash -euo pipefail`, or a command as a list, or an object with options"),
);

const hooks = v.strictObject({
	preBackup: v.optional(hook),
	postBackup: v.optional(hook),
	preRestore: v.optional(hook),
	postRestore: v.optional(hook),
});
export type HookName = keyof v.InferOutput<typeof hooks>;
export const HOOKS = Object.keys(hooks.entries) as readonly HookName[];

/**
 * A new field is a line here. It has no default of its own (`v.optional(…)`, and whoever reads it knows what its absence means):
 * manifests of earlier versions, on machines and in archives, lack it.
 */
export const stateSchema = v.strictObject({
	folders: v.pipe(
		v.optional(v.array(f.folder), []),
		v.description("absolute paths of the folders that this state owns"),
	),
	exclude: v.pipe(
		v.optional(v.array(f.pattern), []),
		v.description(
			"patterns left out: a name (`*.tmp`), a path below a folder (`cache/*`), or an absolute path; see [patterns](patterns.md)",
		),
	),
	dumps: v.pipe(
		v.optional(v.array(dumpSchema), []),
		v.description(
			"databases that belong to the state: dumped with it, loaded and swapped when it is restored",
		),
	),
	hooks: v.pipe(v.optional(hooks, {}), v.description("the user's own commands at named points")),
	stopOnBackup: v.pipe(
		v.optional(v.array(unit), []),
		v.description("systemd units that are stopped while the backup is taken"),
	),
	stopOnRestore: v.pipe(
		v.optional(v.array(unit), []),
		v.description("systemd units that are stopped around a restore's swap"),
	),
	after: v.pipe(v.optional(v.array(f.name), []), v.description("states that come before this one")),
	settle: v.optional(
		f.seconds(f.pause, {
			about: "how long the units must stay active after a restore before it counts",
			usual: "3s",
			least: 0,
			isFilledIn: true,
		}),
		"3s",
	),
	specialFiles: v.pipe(
		v.optional(v.boolean()),
		v.description(
			"bring back device nodes, setuid files and file capabilities, which a restore otherwise leaves out",
		),
	),
	healthChecks: v.pipe(
		v.optional(v.array(healthCheckSchema), []),
		v.description("what shows that the service is healthy; a restore that fails one is undone"),
	),
	maxAge: v.optional(maxAge),
});
/** As it is written. */
export type StateInput = v.InferInput<typeof stateSchema>;
/** As the manifest holds it. */
export type State = v.InferOutput<typeof stateSchema>;
