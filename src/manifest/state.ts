// A state as a config or a module writes it. The manifest holds the output of this schema.
import * as v from "valibot";
import { dumpSchema } from "../databases/dump.ts";
import { healthCheckSchema } from "../health/list.ts";
import { PROMISES } from "../values/consistency.ts";
import * as f from "../values/fields.ts";
import { unit } from "../values/unit.ts";
import { asUserOrOwner, isOneUser, ONE_USER, userCommand } from "../values/user-command.ts";
import { maxAge } from "./machine.ts";

const hook = v.pipe(
	userCommand("a hook", "1h", asUserOrOwner),
	v.check((one) => isOneUser(one), ONE_USER),
);
export type Hook = v.InferOutput<typeof hook>;

const hooks = v.strictObject({
	preBackup: v.optional(hook),
	postBackup: v.optional(hook),
	preRestore: v.optional(hook),
	postRestore: v.optional(hook),
});
export type HookName = keyof v.InferOutput<typeof hooks>;
export const HOOKS = Object.keys(hooks.entries) as readonly HookName[];

/**
 * To add a field, add a line. Do not give it a default: use `v.optional(…)` and let its readers handle its absence. Manifests
 * of earlier versions, on machines and in archives, lack it.
 */
export const stateSchema = v.strictObject({
	folders: v.pipe(
		v.optional(v.array(f.folder), []),
		v.description("absolute paths of the folders that this state owns"),
	),
	exclude: v.pipe(
		v.optional(v.array(f.pattern), []),
		v.description(
			"patterns to exclude: a name (`*.tmp`), a path below a folder (`cache/*`), or an absolute path; see [patterns](patterns.md)",
		),
	),
	dumps: v.pipe(
		v.optional(v.array(dumpSchema), []),
		v.description("databases of the state: dumped in a backup, loaded and swapped in by a restore"),
	),
	hooks: v.pipe(v.optional(hooks, {}), v.description("your own commands at named points")),
	stopOnBackup: v.pipe(
		v.optional(v.array(unit), []),
		v.description("systemd units to stop while the backup is taken"),
	),
	freezeOnBackup: v.pipe(
		v.optional(v.array(unit)),
		v.description(
			"systemd units to freeze while snapshots are taken, which takes milliseconds; needs `snapshot`. See [snapshots](../how-to/atomic.md)",
		),
	),
	stopOnRestore: v.pipe(
		v.optional(v.array(unit), []),
		v.description("systemd units to stop while a restore replaces the data"),
	),
	after: v.pipe(
		v.optional(v.array(f.name), []),
		v.description("states that are backed up and restored before this one"),
	),
	settle: v.optional(
		f.seconds(f.pause, {
			about: "how long the units must stay active after a restore before it counts as successful",
			usual: "3s",
			least: 0,
			isFilledIn: true,
		}),
		"3s",
	),
	specialFiles: v.pipe(
		v.optional(v.boolean()),
		v.description("restore device nodes, setuid files and file capabilities, which are otherwise skipped"),
	),
	healthChecks: v.pipe(
		v.optional(v.array(healthCheckSchema), []),
		v.description("tests that the service is healthy; a restore that fails one is rolled back"),
	),
	maxAge: v.optional(maxAge),
	consistency: v.pipe(
		v.optional(v.picklist(PROMISES)),
		v.description(
			"a promise of how well the parts of an archive fit together: one that is less, from `atomic` over `stopped`, `dumped` and `spread` to `live`, is stored but in doubt, and the run fails. See [snapshots](../how-to/atomic.md#how-consistent-an-archive-is)",
		),
	),
	snapshot: v.pipe(
		v.optional(v.picklist(["auto", "require", "never"])),
		v.description(
			"whether a backup reads the folders from a snapshot of one instant. By default, where the file system takes one; `auto`: small folders of others are copied too, and the run says why there is none; `require`: otherwise the state fails; `never`. See [snapshots](../how-to/atomic.md)",
		),
	),
});
/** As in the config. */
export type StateInput = v.InferInput<typeof stateSchema>;
/** As in the manifest. */
export type State = v.InferOutput<typeof stateSchema>;
