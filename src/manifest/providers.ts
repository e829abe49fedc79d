// The options of every engine, as they stand in the manifest. The engines themselves are in src/engines/.
import * as v from "valibot";
import { DURATION } from "../values/duration.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import { providerMaxAge, providerSchedule } from "./machine.ts";

const passphrase = {
	passphraseFile: v.pipe(v.optional(f.path), v.description("file whose first line is the passphrase")),
	passphraseCommand: v.pipe(
		v.optional(f.argv),
		v.description("command whose first line of output is the passphrase"),
	),
	passphraseCredential: v.pipe(
		v.optional(v.pipe(v.string(), v.regex(/^[\w-][\w.-]*$/, "is not the name of a credential"))),
		v.description(
			"systemd credential whose first line is the passphrase: a file of this name in /etc/credstore or, made by systemd-creds encrypt, in /etc/credstore.encrypted",
		),
	),
};

const count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));

const retentionSchema = v.pipe(
	v.strictObject({
		keepWithin: v.pipe(
			v.optional(v.pipe(v.string(), v.regex(DURATION, 'write a time like "24h" or "7d"'))),
			v.description('every archive that is not older than this, such as "7d"'),
		),
		keepLast: v.pipe(count, v.description("this many of the newest")),
		hourly: v.pipe(count, v.description("the newest of each of this many hours")),
		daily: v.pipe(count, v.description("the newest of each of this many days")),
		weekly: v.pipe(count, v.description("the newest of each of this many weeks")),
		monthly: v.pipe(count, v.description("the newest of each of this many months")),
		yearly: v.pipe(count, v.description("the newest of each of this many years")),
	}),
	v.check(
		(rules) => Object.values(rules).some((rule) => rule !== undefined && rule !== 0),
		"says nothing to keep: name at least one rule, such as daily: 7",
	),
	v.description("which archives `holdfast prune` keeps; without it, none is pruned"),
);
export type Retention = v.InferOutput<typeof retentionSchema>;

const upkeep = { retention: v.optional(retentionSchema), schedule: providerSchedule, maxAge: providerMaxAge };

const mountpoint = v.pipe(
	v.optional(v.union([f.path, v.literal(false)])),
	v.description(
		"folder at which a file system must be mounted before anything is written; false: none need be. When left out, one must be below /mnt, /media and /run/media, and where /etc/fstab or a mount unit has one",
	),
);

const tarOptions = {
	type: v.literal("tar"),
	...upkeep,
	destinations: v.pipe(
		record(
			f.name,
			v.strictObject({
				path: v.pipe(f.path, v.description("folder that holds the archives")),
				mountpoint,
			}),
		),
		v.minEntries(1, "needs at least one destination"),
	),
	level: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(22))),
		v.description("zstd compression level, 1 to 22 (default 3)"),
	),
};

export const BORG_ENCRYPTIONS = ["repokey", "repokey-blake2", "keyfile", "keyfile-blake2", "none"] as const;

const borgOptions = {
	type: v.literal("borgbackup"),
	...upkeep,
	destinations: v.pipe(
		record(
			f.name,
			v.strictObject({
				repo: v.pipe(f.address, v.description("a folder, or ssh://user@host:port/path")),
				server: v.pipe(
					v.optional(f.name),
					v.description(
						"a machine with a borgServer: repo, passphraseFile and rsh follow from it, unless they are written out",
					),
				),
				...passphrase,
				encryption: v.pipe(
					v.optional(v.picklist(BORG_ENCRYPTIONS)),
					v.description(
						"used when the repository is created (default: repokey, or none without a passphrase)",
					),
				),
				keyFile: v.pipe(
					v.optional(f.path),
					v.description(
						"where the key is, or is to be made, for encryption: keyfile (default: borg's own folder)",
					),
				),
				relocated: v.pipe(
					v.optional(v.boolean()),
					v.description("the repository has moved: accept it at this address (default false)"),
				),
				rsh: v.pipe(v.optional(f.text), v.description("remote shell command, as borg's --rsh")),
				remotePath: v.pipe(v.optional(f.text), v.description("borg's program on the remote side")),
				mountpoint,
			}),
		),
		v.minEntries(1, "needs at least one destination"),
	),
	compression: v.pipe(v.optional(f.text), v.description("as borg's --compression (default auto,zstd)")),
};

const addressWithPassword = /^[a-z]+:(\/\/|[a-z]+:\/\/)[^/@]*:[^/@]+@/;

const resticOptions = {
	type: v.literal("restic"),
	...upkeep,
	destinations: v.pipe(
		record(
			f.name,
			v.strictObject({
				repo: v.pipe(
					f.address,
					v.check(
						(repo) => !addressWithPassword.test(repo),
						"holds a password: write the address without it here, and the whole one in a file: repoFile",
					),
					v.description(
						"a folder, sftp:user@host:/path, rest:https://host/path, s3:…, rclone:remote:path, as restic's -r",
					),
				),
				repoFile: v.pipe(
					v.optional(f.path),
					v.description(
						"file with the address, when that holds a password; repo is then the name that is shown",
					),
				),
				...passphrase,
				environmentFile: v.pipe(
					v.optional(f.path),
					v.description("file with NAME=VALUE lines for restic alone, such as AWS_ACCESS_KEY_ID"),
				),
				options: v.pipe(
					v.optional(v.array(f.text)),
					v.description("as restic's --option, such as sftp.command=ssh -p 23 -i KEY user@host -s sftp"),
				),
				mountpoint,
			}),
		),
		v.minEntries(1, "needs at least one destination"),
	),
	compression: v.pipe(
		v.optional(v.picklist(["auto", "max", "off"])),
		v.description("as restic's --compression (default auto)"),
	),
};

const script = (when: string) => v.pipe(v.optional(f.text), v.description(`script that runs ${when}`));

const localbackupOptions = {
	type: v.literal("localbackup"),
	...upkeep,
	destinations: v.pipe(
		record(
			f.name,
			v.strictObject({
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
		),
		v.minEntries(1, "needs at least one destination"),
	),
	snapshots: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
		v.description("how many are kept; the oldest beyond go after each create (default 20)"),
	),
};

const commandOptions = {
	type: v.literal("command"),
	schedule: providerSchedule,
	maxAge: providerMaxAge,
	create: v.pipe(f.text, v.description("script that makes an archive")),
	list: v.pipe(
		f.text,
		v.description("script that prints the archives: a JSON array of { name }, or one name a line"),
	),
	restore: v.pipe(
		f.text,
		v.description(
			"script that puts the folders FOLDERS (joined with ':') of the archive NAME back in their places",
		),
	),
};

export const providerSchema = v.variant("type", [
	v.strictObject(tarOptions),
	v.strictObject(borgOptions),
	v.strictObject(resticOptions),
	v.strictObject(localbackupOptions),
	v.strictObject(commandOptions),
]);
export type ProviderOptions = v.InferOutput<typeof providerSchema>;
export type TarOptions = Extract<ProviderOptions, { type: "tar" }>;
export type BorgOptions = Extract<ProviderOptions, { type: "borgbackup" }>;
export type ResticOptions = Extract<ProviderOptions, { type: "restic" }>;
export type LocalbackupOptions = Extract<ProviderOptions, { type: "localbackup" }>;
export type CommandOptions = Extract<ProviderOptions, { type: "command" }>;

export const ENGINES = ["tar", "borgbackup", "restic", "localbackup", "command"] as const;
