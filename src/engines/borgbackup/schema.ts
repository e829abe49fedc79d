// The options of a borgbackup provider. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { destinations, mountpoint, upkeep } from "../fields.ts";
import { passphrase } from "../passphrase.ts";

export const borgOptions = v.strictObject({
	type: v.literal("borgbackup"),
	...upkeep,
	destinations: destinations({
		repo: v.pipe(f.address, v.description("a folder, or ssh://user@host:port/path")),
		server: v.pipe(
			v.optional(f.name),
			v.description(
				"a machine with a borgServer; repo, passphraseFile and rsh are derived from it unless they are set",
			),
		),
		...passphrase,
		encryption: v.pipe(
			v.optional(v.picklist(["repokey", "repokey-blake2", "keyfile", "keyfile-blake2", "none"])),
			v.description("used when the repository is created (default: repokey, or none without a passphrase)"),
		),
		keyFile: v.pipe(
			v.optional(f.path),
			v.description(
				"path of the key for encryption: keyfile, created if missing (default: in borg's own folder)",
			),
		),
		relocated: v.pipe(
			v.optional(v.boolean()),
			v.description("accept the repository at this address after it has moved (default false)"),
		),
		rsh: v.pipe(v.optional(f.text), v.description("remote shell command, like borg's --rsh")),
		remotePath: v.pipe(v.optional(f.text), v.description("borg's program on the remote side")),
		mountpoint,
	}),
	compression: v.pipe(v.optional(f.text), v.description("like borg's --compression (default auto,zstd)")),
});
export type BorgOptions = v.InferOutput<typeof borgOptions>;
export type BorgDestination = BorgOptions["destinations"][string];
