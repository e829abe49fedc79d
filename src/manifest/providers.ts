// The options of every engine, as they stand in the manifest. The engines themselves are in src/providers/.
import * as v from "valibot";
import * as f from "./fields.ts";

const passphrase = {
	passphraseFile: v.pipe(v.optional(f.path), v.description("file whose first line is the passphrase")),
	passphraseCommand: v.pipe(
		v.optional(f.argv),
		v.description("command whose first line of output is the passphrase"),
	),
};

export const tarOptions = {
	type: v.literal("tar"),
	destinations: v.pipe(
		v.record(
			f.name,
			v.strictObject({
				path: v.pipe(f.path, v.description("folder that holds the archives")),
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

export const borgOptions = {
	type: v.literal("borgbackup"),
	destinations: v.pipe(
		v.record(
			f.name,
			v.strictObject({
				repo: v.pipe(f.text, v.description("a folder, or ssh://user@host:port/path")),
				...passphrase,
				encryption: v.pipe(
					v.optional(v.picklist(BORG_ENCRYPTIONS)),
					v.description(
						"used when the repository is created (default: repokey, or none without a passphrase)",
					),
				),
				rsh: v.pipe(v.optional(f.text), v.description("remote shell command, as borg's --rsh")),
				remotePath: v.pipe(v.optional(f.text), v.description("borg's program on the remote side")),
			}),
		),
		v.minEntries(1, "needs at least one destination"),
	),
	compression: v.pipe(v.optional(f.text), v.description("as borg's --compression (default auto,zstd)")),
};

export const commandOptions = {
	type: v.literal("command"),
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
	v.strictObject(commandOptions),
]);
export type ProviderOptions = v.InferOutput<typeof providerSchema>;
export type TarOptions = Extract<ProviderOptions, { type: "tar" }>;
export type BorgOptions = Extract<ProviderOptions, { type: "borgbackup" }>;
export type CommandOptions = Extract<ProviderOptions, { type: "command" }>;

export const ENGINES = ["tar", "borgbackup", "command"] as const;
