// The options of a restic provider. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { destinations, mountpoint, upkeep } from "../fields.ts";
import { passphrase } from "../passphrase.ts";

const ADDRESS_WITH_PASSWORD = /^[a-z]+:(\/\/|[a-z]+:\/\/)[^/@]*:[^/@]+@/;

export const resticOptions = v.strictObject({
	type: v.literal("restic"),
	...upkeep,
	destinations: destinations({
		repo: v.pipe(
			f.address,
			v.check(
				(repo) => !ADDRESS_WITH_PASSWORD.test(repo),
				"contains a password: write the address without it here, and put the full address in a file (repoFile)",
			),
			v.description(
				"a folder, sftp:user@host:/path, rest:https://host/path, s3:…, rclone:remote:path, as restic's -r",
			),
		),
		repoFile: v.pipe(
			v.optional(f.path),
			v.description(
				"file with the address, for an address that contains a password; repo is then only displayed",
			),
		),
		...passphrase,
		environmentFile: v.pipe(
			v.optional(f.path),
			v.description(
				"file with environment variables for restic, one NAME=VALUE per line, such as AWS_ACCESS_KEY_ID",
			),
		),
		options: v.pipe(
			v.optional(v.array(f.text)),
			v.description("like restic's --option, such as sftp.command=ssh -p 23 -i KEY user@host -s sftp"),
		),
		mountpoint,
	}),
	compression: v.pipe(
		v.optional(v.picklist(["auto", "max", "off"])),
		v.description("like restic's --compression (default auto)"),
	),
});
export type ResticOptions = v.InferOutput<typeof resticOptions>;
export type ResticDestination = ResticOptions["destinations"][string];
