// A provider of type localbackup, as a config has it. Light: it is loaded with the manifest.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { destinations, upkeep } from "../fields.ts";

const script = (when: string) => v.pipe(v.optional(f.text), v.description(`script that runs ${when}`));

export const localbackupOptions = v.strictObject({
	type: v.literal("localbackup"),
	...upkeep,
	destinations: destinations({
		directory: v.pipe(f.path, v.description("folder that holds the snapshots")),
		mountpoint: v.pipe(
			v.optional(v.union([f.path, v.literal(false)])),
			v.description(
				"mounted for the work and unmounted after it, unless it was mounted before; /etc/fstab names the device. false: nothing need be mounted for this folder",
			),
		),
		required: v.pipe(
			v.optional(v.boolean()),
			v.description("a disk that is not there is a failure; else it is skipped (default false)"),
		),
		preMountHook: script("before the disk is mounted"),
		postMountHook: script("once the disk is mounted"),
		preBackupHook: script("before files are copied"),
		postBackupHook: script("once the snapshot is whole"),
		preUnmountHook: script("before the disk is unmounted, whatever happened"),
		postUnmountHook: script("once the disk is unmounted, whatever happened"),
	}),
	snapshots: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
		v.description("how many are kept; the oldest beyond go after each create (default 20)"),
	),
});
export type LocalbackupOptions = v.InferOutput<typeof localbackupOptions>;
export type Target = LocalbackupOptions["destinations"][string];
