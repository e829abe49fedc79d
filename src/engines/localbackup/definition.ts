// rsnapshot on removable disks: Clan's "localbackup".
import { defineEngine } from "../engine.ts";
import { scriptNote } from "../sheet.ts";
import { localbackupOptions } from "./schema.ts";

export const localbackup = defineEngine({
	options: localbackupOptions,
	programs: [
		{ names: ["rsnapshot"], debianPackage: "rsnapshot", nixPackage: "rsnapshot" },
		{ names: ["rsync"], debianPackage: "rsync", nixPackage: "rsync" },
	],
	runs: [
		"preMountHook",
		"postMountHook",
		"preBackupHook",
		"postBackupHook",
		"preUnmountHook",
		"postUnmountHook",
	],
	data: ["directory"],
	checks: true,
	limitsItself: true,
	address: "directory",
	warningsOn: ({ retention, snapshots }) =>
		retention === undefined || snapshots === undefined
			? []
			: [
					'"snapshots" is ignored because there is a "retention": a create deletes nothing, only prune does; remove one of them',
				],
	adoption: {
		looksLike: (_address, names) => names?.has("snapshot.0") ?? false,
		flags: {
			mountpoint: {
				brief: "the disk's mountpoint, for localbackup",
				placeholder: "FOLDER",
				kind: "path",
			},
		},
		destination: (directory, given) => ({ directory, ...given }),
	},
	sheetOf: ({ mountpoint, preMountHook, postMountHook }) => ({
		needs: typeof mountpoint === "string" ? [{ what: `the line for ${mountpoint}`, was: "/etc/fstab" }] : [],
		flags: typeof mountpoint === "string" ? [["--mountpoint", mountpoint]] : [],
		notes: [
			...scriptNote("first, as preMountHook did:", preMountHook),
			...scriptNote("and with the disk mounted, as postMountHook did:", postMountHook),
		],
	}),
	open: async (_provider, options) => (await import("./localbackup.ts")).localbackupDestinations(options),
});
