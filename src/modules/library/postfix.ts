// Postfix: the configuration, and local mailboxes. Its queue is not backed up: to restore it would send again what was
// delivered meanwhile. Where Dovecot has the mailboxes, set spool to false. On NixOS the configuration is generated.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { chosen, nixosModule } from "../layouts.ts";
import { defineModule } from "../module.ts";
import { configFolder, configured, moreFolders, units } from "../options.ts";

const SPOOL = { packaged: "/var/mail", nixos: "/var/spool/mail" };

export const postfix = defineModule({
	name: "postfix",
	about: "Postfix: its configuration and the local mailboxes, without the mail that is still in its queue",
	sources: [
		"https://www.postfix.org/postconf.5.html#mail_spool_directory",
		"https://www.postfix.org/QSHAPE_README.html#queues",
		nixosModule("mail/postfix.nix"),
	],
	options: v.strictObject({
		spool: v.pipe(
			v.optional(v.union([v.literal(false), f.folder])),
			v.description(
				`its mail_spool_directory, or false (default ${SPOOL.packaged}, on NixOS ${SPOOL.nixos})`,
			),
		),
		configDir: configFolder("/etc/postfix"),
		folders: v.pipe(moreFolders, v.description("additional folders and files, such as /etc/aliases")),
		units: units(["postfix.service"]),
	}),
	yields({ spool, configDir, folders, units }, { nixos }) {
		const mailboxes = chosen<string | false>(spool, SPOOL, nixos);
		return {
			state: {
				postfix: {
					folders: [
						...(mailboxes === false ? [] : [mailboxes]),
						...configured(configDir, "/etc/postfix", nixos),
						...folders,
					],
					stopOnRestore: units,
				},
			},
		};
	},
	signs: { units: ["postfix.service"] },
	proven: "stand-in",
});
