// The options of a localbackup provider. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { destinations, upkeep } from "../fields.ts";

const script = (when: string) => v.pipe(v.optional(f.text), v.description(`script that runs ${when}`));

export const localbackupOptions = v.strictObject({
	type: v.literal("localbackup"),
	...upkeep,
	destinations: destinations({
		directory: v.pipe(f.path, v.description("folder that contains the snapshots")),
		mountpoint: v.pipe(
			v.optional(v.union([f.path, v.literal(false)])),
			v.description(
				"mount point of the disk, which is mounted for each operation and unmounted afterwards, unless it was already mounted; its device must be in /etc/fstab. false: the folder needs no mount",
			),
		),
		required: v.pipe(
			v.optional(v.boolean()),
			v.description("fail if the disk is absent; otherwise it is skipped (default false)"),
		),
		preMountHook: script("before the disk is mounted"),
		postMountHook: script("after the disk is mounted"),
		preBackupHook: script("before files are copied"),
		postBackupHook: script("after the snapshot is complete"),
		preUnmountHook: script("before the disk is unmounted, even after a failure"),
		postUnmountHook: script("after the disk is unmounted, even after a failure"),
	}),
	snapshots: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
		v.description(
			"how many snapshots to keep; older ones are deleted after each create. Ignored, with a warning, if there is a `retention`, which `holdfast prune` applies (default 20, or no limit with a `retention`)",
		),
	),
});
export type LocalbackupOptions = v.InferOutput<typeof localbackupOptions>;
export type Target = LocalbackupOptions["destinations"][string];
